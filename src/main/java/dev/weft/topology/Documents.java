package dev.weft.topology;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.MappingIterator;
import dev.weft.bus.Fault;
import dev.weft.bus.Json;
import dev.weft.bus.WeftException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;

/** The documents of a YAML or JSON text as plain maps, lists, strings and numbers. */
final class Documents {
  /** Bytes of UTF-8: 20,000 links take about 3 MiB. */
  static final int MAX_BYTES = 4 << 20;

  private Documents() {}

  /** INVALID for a text that is neither, with line and column. Empty documents are left out. */
  static List<Object> read(String text, String source) {
    if (text.length() > MAX_BYTES || text.getBytes(StandardCharsets.UTF_8).length > MAX_BYTES) {
      throw Fault.INVALID.because(
          source + ": larger than " + MAX_BYTES + " bytes (expected: 4 MiB at most)");
    }
    if (!text.stripLeading().startsWith("{")) {
      return yaml(text, source);
    }
    try {
      return json(text);
    } catch (JsonProcessingException notJson) {
      // Braces open a YAML flow mapping too. If it is neither, JSON's reason is the likelier one.
      try {
        return yaml(text, source);
      } catch (WeftException notYaml) {
        JsonLocation at = notJson.getLocation();
        String where = at == null ? "" : at(at.getLineNr(), at.getColumnNr());
        throw Fault.INVALID.because(
            source + where + ": not JSON: " + notJson.getOriginalMessage(), notYaml);
      }
    }
  }

  private static List<Object> json(String text) throws JsonProcessingException {
    try (MappingIterator<Object> documents =
        Json.mapper()
            .readerFor(Object.class)
            .with(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
            .readValues(text)) {
      return documents.readAll();
    } catch (JsonProcessingException e) {
      throw e;
    } catch (IOException e) {
      throw new AssertionError("reading a string does no input", e);
    }
  }

  private static List<Object> yaml(String text, String source) {
    LoaderOptions options = new LoaderOptions();
    options.setCodePointLimit(MAX_BYTES);
    options.setAllowDuplicateKeys(false);
    List<Object> documents = new ArrayList<>();
    try {
      for (Object document : new Yaml(new SafeConstructor(options)).loadAll(text)) {
        if (document != null) {
          documents.add(document);
        }
      }
      return documents;
    } catch (MarkedYAMLException e) {
      Mark mark = e.getProblemMark();
      String where = mark == null ? "" : at(mark.getLine() + 1, mark.getColumn() + 1);
      throw Fault.INVALID.because(source + where + ": not YAML: " + e.getProblem(), e);
    } catch (YAMLException e) {
      throw Fault.INVALID.because(source + ": not YAML: " + e.getMessage(), e);
    } catch (RuntimeException e) {
      // SnakeYAML lets any exception through where an explicit tag does not fit: "!!set x".
      throw Fault.INVALID.because(source + ": not YAML: a tag does not fit its value", e);
    }
  }

  private static String at(int line, int column) {
    return ":" + line + ":" + column;
  }
}
