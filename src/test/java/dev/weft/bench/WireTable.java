package dev.weft.bench;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** Figures of modes, round by round; what counts are medians, and ratios to VXLAN in its round. */
final class WireTable {
  /**
   * What was measured together.
   *
   * @param cc the congestion control of the pods' TCP; empty for what is not TCP
   */
  record Row(String mode, String cc) {}

  /**
   * A column.
   *
   * @param cc of the rows whose figure it shows
   * @param ratio the figure's ratio to VXLAN's instead of itself
   * @param decimals after the point
   */
  record Column(String head, String cc, String figure, boolean ratio, int decimals) {}

  private final Map<Row, List<Map<String, Double>>> rounds = new LinkedHashMap<>();

  /** Adds what a round gave. */
  void add(Row row, Map<String, Double> figures) {
    rounds.computeIfAbsent(row, r -> new ArrayList<>()).add(figures);
  }

  Collection<Row> rows() {
    return rounds.keySet();
  }

  boolean has(Row row, String figure) {
    return rounds.get(row).get(0).containsKey(figure);
  }

  double median(Row row, String figure) {
    return median(rounds.get(row).stream().map(round -> round.get(figure)).toList());
  }

  /** To VXLAN's in the same round. */
  double ratio(Row row, String figure) {
    List<Map<String, Double>> its = rounds.get(row);
    List<Map<String, Double>> vxlan = rounds.get(new Row(WireModes.VXLAN, row.cc()));
    List<Double> ratios = new ArrayList<>();
    for (int i = 0; i < its.size(); i++) {
      ratios.add(its.get(i).get(figure) / vxlan.get(i).get(figure));
    }
    return median(ratios);
  }

  private static double median(List<Double> values) {
    return values.stream().sorted().toList().get(values.size() / 2);
  }

  /** In Markdown, a line for each mode; what a mode does not have is a dash. */
  String markdown(String corner, List<Column> columns) {
    StringBuilder text = new StringBuilder("| " + corner + " |");
    columns.forEach(column -> text.append(" " + column.head() + " |"));
    text.append("\n|").append(" --- |".repeat(1 + columns.size()));
    for (String mode : rows().stream().map(Row::mode).distinct().toList()) {
      text.append("\n| " + mode + " |");
      columns.forEach(column -> text.append(" " + cell(new Row(mode, column.cc()), column) + " |"));
    }
    return text + "\n";
  }

  private String cell(Row row, Column column) {
    if (!has(row, column.figure())) {
      return "-";
    }
    double value = column.ratio() ? ratio(row, column.figure()) : median(row, column.figure());
    return String.format(Locale.ROOT, "%." + column.decimals() + "f", value);
  }

  /** All of it, for JSON. */
  List<Map<String, Object>> json() {
    List<Map<String, Object>> all = new ArrayList<>();
    rounds.forEach(
        (row, its) -> {
          Collection<String> figures = its.get(0).keySet();
          Map<String, Object> one = new LinkedHashMap<>();
          one.put("mode", row.mode());
          one.put("congestionControl", row.cc().isEmpty() ? null : row.cc());
          one.put(
              "medians", figures.stream().collect(Collectors.toMap(f -> f, f -> median(row, f))));
          one.put("rounds", its);
          all.add(one);
        });
    return all;
  }
}
