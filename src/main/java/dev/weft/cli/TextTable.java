package dev.weft.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/** Rows in aligned columns, the first of them the head; columns of numbers to the right. */
public final class TextTable {
  private static final String NOTHING = "-";

  /** Heads of columns of sentences, which stand below their rows where lines are too short. */
  private static final Set<String> SENTENCES = Set.of("REASON", "PROBLEM");

  private static final String INDENT = "    ";
  private static final String GAP = "  ";

  /** As an id: what is shorter is never cut. */
  private static final int LEAST = 16;

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
            .map(TextTable::printable)
            .toList());
    return this;
  }

  /** Lines of whatever length, each with its end. */
  @Override
  public String toString() {
    return text(widths(), Integer.MAX_VALUE);
  }

  /**
   * Lines of at most so many characters where that is possible, each with its end: reasons go below
   * their rows, then the longest cells are cut in the middle.
   */
  String fitted(int length) {
    int[] widths = widths();
    if (length(widths) <= length) {
      return toString();
    }
    int last = widths.length - 1;
    int[] beside = SENTENCES.contains(rows.get(0).get(last)) ? Arrays.copyOf(widths, last) : widths;
    while (length(beside) > length) {
      int widest =
          IntStream.range(0, beside.length).reduce(0, (a, b) -> beside[b] > beside[a] ? b : a);
      if (beside[widest] <= LEAST) {
        break;
      }
      beside[widest]--;
    }
    return text(beside, length);
  }

  private int[] widths() {
    return IntStream.range(0, rows.get(0).size())
        .map(c -> rows.stream().mapToInt(r -> r.get(c).length()).max().orElse(0))
        .toArray();
  }

  private static int length(int[] widths) {
    return Arrays.stream(widths).sum() + GAP.length() * (widths.length - 1);
  }

  /**
   * @param widths of the columns that stand beside each other; one that follows stands below
   */
  private String text(int[] widths, int length) {
    boolean[] numeric = new boolean[widths.length];
    for (int c = 0; c < widths.length; c++) {
      numeric[c] = numeric(c);
    }
    StringBuilder text = new StringBuilder();
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int c = 0; c < widths.length; c++) {
        String cell = cut(row.get(c), widths[c]);
        String pad = " ".repeat(widths[c] - cell.length());
        line.append(numeric[c] ? pad + cell : cell + pad).append(GAP);
      }
      text.append(line.toString().stripTrailing()).append(System.lineSeparator());
      if (widths.length < row.size() && row != rows.get(0)) {
        String sentence = row.get(widths.length);
        text.append(sentence.equals(NOTHING) ? "" : wrapped(INDENT, sentence, length));
      }
    }
    return text.toString();
  }

  private static String cut(String cell, int width) {
    if (cell.length() <= width) {
      return cell;
    }
    int end = (width - 1) / 2;
    return cell.substring(0, width - 1 - end) + "…" + cell.substring(cell.length() - end);
  }

  /**
   * A sentence behind a head, in lines of at most so many characters where its words allow that,
   * each with its end.
   */
  static String wrapped(String head, String sentence, int length) {
    StringBuilder text = new StringBuilder();
    StringBuilder line = new StringBuilder(head);
    for (String word : printable(sentence).split(" ", -1)) {
      if (line.length() > head.length() && line.length() + word.length() > length) {
        text.append(line.toString().stripTrailing()).append(System.lineSeparator());
        line.setLength(0);
        line.append(" ".repeat(head.length()));
      }
      line.append(word).append(' ');
    }
    return text.append(line.toString().stripTrailing()).append(System.lineSeparator()).toString();
  }

  /** What a peer or a file named must not drive the terminal. */
  private static String printable(String text) {
    return text.replaceAll("\\p{Cntrl}", "?");
  }

  private boolean numeric(int column) {
    List<String> cells =
        rows.stream().skip(1).map(r -> r.get(column)).filter(c -> !c.equals(NOTHING)).toList();
    return !cells.isEmpty() && cells.stream().allMatch(c -> c.matches("[0-9]+"));
  }
}
