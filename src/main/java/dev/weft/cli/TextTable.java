package dev.weft.cli;

import java.util.List;

public final class TextTable {
  public static String of(List<String[]> rows) {
    StringBuilder s = new StringBuilder();
    for (String[] r : rows) {
      for (String c : r) {
        s.append(String.format("%-16s", c));
      }
      s.append("\n");
    }
    return s.toString();
  }
}
