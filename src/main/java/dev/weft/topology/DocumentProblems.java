package dev.weft.topology;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.weft.bus.Fault;
import dev.weft.bus.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Everything that is wrong with one request, told at once. */
final class DocumentProblems {
  /** How many are told in full; a file can hold tens of thousands. */
  static final int SHOWN = 50;

  private static final int VALUE_LENGTH = 80;

  private final String source;
  private final DocumentLines lines;
  private final List<String> shown = new ArrayList<>();
  private int count;

  /** Of what was read elsewhere. */
  DocumentProblems() {
    this("", "");
  }

  /**
   * @param source what is read, a file's name
   * @param text of which the problems' lines are told
   */
  DocumentProblems(String source, String text) {
    this.source = source;
    this.lines = new DocumentLines(text);
  }

  int count() {
    return count;
  }

  void add(String path, String text) {
    count++;
    if (count <= SHOWN) {
      shown.add(where(path) + (path.isEmpty() ? "" : path + ": ") + text);
    }
  }

  private String where(String path) {
    if (source.isEmpty()) {
      return "";
    }
    int line = lines.line(path);
    return source + (line == 0 ? ": " : ":" + line + ": ");
  }

  void wrong(String path, Object value, String expected) {
    add(path, show(value) + " (expected: " + expected + ")");
  }

  void throwIfAny() {
    if (count == 0) {
      return;
    }
    String text = String.join("\n", shown);
    throw Fault.INVALID.because(count > SHOWN ? text + "\nand " + (count - SHOWN) + " more" : text);
  }

  private static String show(Object value) {
    if (value == null) {
      return "missing";
    }
    if (value instanceof Map) {
      return "an object";
    }
    if (value instanceof List) {
      return "a list";
    }
    String text = String.valueOf(value);
    String shortened = text.length() > VALUE_LENGTH ? text.substring(0, VALUE_LENGTH) + "…" : text;
    try {
      return value instanceof String ? Json.mapper().writeValueAsString(shortened) : shortened;
    } catch (JsonProcessingException e) {
      // A lone surrogate cannot be written; the value is still worth showing.
      return "a text that is not Unicode, of " + text.length() + " characters";
    }
  }
}
