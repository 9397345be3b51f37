package dev.weft.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;

/** A picture as text: boxes, grouped or not, and lines between them. */
final class Graph {
  /**
   * A line.
   *
   * @param solid whether what it stands for works; else it is dashed
   */
  private record Edge(String a, String b, String label, boolean solid) {}

  /** By group, in the order given; "" for boxes without one. */
  private final Map<String, List<String>> groups = new LinkedHashMap<>();

  /** What the texts call a box: names may have characters that no identifier has. */
  private final Map<String, String> boxes = new LinkedHashMap<>();

  private final List<Edge> edges = new ArrayList<>();

  /** Adds a box, once. */
  Graph box(String group, String name) {
    if (boxes.putIfAbsent(name, "b" + boxes.size()) == null) {
      groups.computeIfAbsent(group, g -> new ArrayList<>()).add(name);
    }
    return this;
  }

  /** Adds a line between two boxes; one that is not there is made, without a group. */
  Graph line(String a, String b, String label, boolean solid) {
    box("", a).box("", b);
    edges.add(new Edge(a, b, label, solid));
    return this;
  }

  /** For a page or a document: mermaid.js.org. */
  String mermaid() {
    StringBuilder text = new StringBuilder("graph LR\n");
    addGroups(
        text,
        (number, name) -> "  subgraph g%d[\"%s\"]\n".formatted(number, entities(name)),
        box -> "%s[\"%s\"]\n".formatted(boxes.get(box), entities(box)),
        "  end\n");
    for (Edge e : edges) {
      text.append(
          "  %s %s|\"%s\"| %s\n"
              .formatted(
                  boxes.get(e.a), e.solid ? "---" : "-.-", entities(e.label), boxes.get(e.b)));
    }
    return text.toString();
  }

  private static String entities(String text) {
    return text.replace("#", "#35;").replace("\"", "#quot;").replace("<", "#lt;");
  }

  /** For Graphviz. */
  String dot() {
    StringBuilder text = new StringBuilder("graph weft {\n  node [shape=box];\n");
    addGroups(
        text,
        (number, name) ->
            "  subgraph cluster_%d {\n    label=%s;\n".formatted(number, quoted(name)),
        box -> "%s [label=%s];\n".formatted(boxes.get(box), quoted(box)),
        "  }\n");
    for (Edge e : edges) {
      text.append(
          "  %s -- %s [label=%s%s];\n"
              .formatted(
                  boxes.get(e.a),
                  boxes.get(e.b),
                  quoted(e.label),
                  e.solid ? "" : ", style=dashed"));
    }
    return text.append("}\n").toString();
  }

  /** Adds the boxes, within a frame those that are in a group. */
  private void addGroups(
      StringBuilder text,
      BiFunction<Integer, String, String> frame,
      UnaryOperator<String> drawn,
      String end) {
    int number = 0;
    for (Map.Entry<String, List<String>> group : groups.entrySet()) {
      boolean framed = !group.getKey().isEmpty();
      text.append(framed ? frame.apply(number++, group.getKey()) : "");
      for (String box : group.getValue()) {
        text.append(framed ? "    " : "  ").append(drawn.apply(box));
      }
      text.append(framed ? end : "");
    }
  }

  private static String quoted(String text) {
    return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }
}
