package dev.weft.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** Rows in aligned columns, the first of them the head; columns of numbers to the right. */
public final class TextTable {
  private static final String NOTHING = "-";

  private final List<List<String>> rows = new ArrayList<>();

  TextTable(String... head) {
    rows.add(List.of(head));
  }

  /**
   * A table as text.
   *
   * @param rows of equal length, the first of them the head
   */
  public static String of(List<String[]> rows) {
    TextTable table = new TextTable(rows.get(0));
    rows.stream().skip(1).forEach(row -> table.row((Object[]) row));
    return table.toString();
  }

  /** Null and the empty text are shown as {@code -}. */
  TextTable row(Object... cells) {
    rows.add(
        Arrays.stream(cells)
            .map(c -> c == null || c.toString().isEmpty() ? NOTHING : c.toString())
            // What a peer or a file named must not drive the terminal.
            .map(c -> c.replaceAll("\\p{Cntrl}", "?"))
            .toList());
    return this;
  }

  /** Lines, each with its end. */
  @Override
  public String toString() {
    int columns = rows.get(0).size();
    int[] widths =
        IntStream.range(0, columns)
            .map(c -> rows.stream().mapToInt(r -> r.get(c).length()).max().orElse(0))
            .toArray();
    boolean[] numeric = new boolean[columns];
    for (int c = 0; c < columns; c++) {
      numeric[c] = numeric(c);
    }
    StringBuilder text = new StringBuilder();
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int c = 0; c < columns; c++) {
        String pad = " ".repeat(widths[c] - row.get(c).length());
        line.append(numeric[c] ? pad + row.get(c) : row.get(c) + pad).append("  ");
      }
      text.append(line.toString().stripTrailing()).append(System.lineSeparator());
    }
    return text.toString();
  }

  private boolean numeric(int column) {
    List<String> cells =
        rows.stream().skip(1).map(r -> r.get(column)).filter(c -> !c.equals(NOTHING)).toList();
    return !cells.isEmpty() && cells.stream().allMatch(c -> c.matches("[0-9]+"));
  }
}
