package dev.weft.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.yaml.snakeyaml.DumperOptions.ScalarStyle;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;

/**
 * A mapping of the file, read key by key in the code's order. A wrong value becomes a problem and
 * its default stands in, so that one reading finds all problems. {@link #end} reports what was not
 * read.
 *
 * <p>YAML's types do not count, only the text: {@code port: "80"} is 80, {@code name: no} is "no".
 */
final class Section {
  private final Binding binding;
  private final String path;
  private final Set<String> reloads;
  private final Map<String, Node> entries = new LinkedHashMap<>();
  private final Set<String> known = new TreeSet<>();

  /**
   * @param path of this mapping, empty for the file's root
   * @param node null for a section that the file leaves out
   */
  Section(Binding binding, String path, Node node, Set<String> reloads) {
    this.binding = binding;
    this.path = path;
    this.reloads = reloads;
    if (node instanceof MappingNode mapping) {
      mapping.getValue().forEach(this::enter);
    } else if (node != null && !isNothing(node)) {
      binding.problem(path, describe(node), "a mapping", line(node));
    }
  }

  private void enter(NodeTuple tuple) {
    Node keyNode = tuple.getKeyNode();
    if (!(keyNode instanceof ScalarNode scalar)) {
      binding.problem(
          path.isEmpty() ? "file" : path, describe(keyNode) + " as a key", "a name", line(keyNode));
      return;
    }
    String key = scalar.getValue();
    Node first = entries.putIfAbsent(key, tuple.getValueNode());
    if (first == null) {
      binding.found(sub(key), line(keyNode));
    } else {
      binding.problem(sub(key), "given again", "once, as in line " + line(first), line(keyNode));
    }
  }

  /** A mapping inside this one; {@code reloads} are those of its keys that SIGHUP applies. */
  Section section(String key, String... reloads) {
    known.add(key);
    return new Section(binding, sub(key), entries.get(key), Set.of(reloads));
  }

  /** Any number of values, none by default. */
  <T> List<T> list(String key, Kind<T> kind) {
    return items(key, know(key, "[]"), kind);
  }

  private <T> List<T> items(String key, Node node, Kind<T> kind) {
    return each(
        key,
        node,
        "a list, each item " + kind.expected(),
        (itemPath, item) -> scalar(itemPath, item, kind));
  }

  /** Any number of mappings, none by default; one that reads as empty is left out. */
  <T> List<T> sections(String key, Function<Section, Optional<T>> reader) {
    return each(
        key,
        know(key, "[]"),
        "a list of mappings",
        (itemPath, item) -> {
          if (item instanceof MappingNode) {
            return reader.apply(new Section(binding, itemPath, item, Set.of()));
          }
          binding.problem(itemPath, describe(item), "a mapping", line(item));
          return Optional.empty();
        });
  }

  private <T> List<T> each(
      String key, Node node, String expected, BiFunction<String, Node, Optional<T>> reader) {
    List<T> items = new ArrayList<>();
    if (node instanceof SequenceNode sequence) {
      for (int i = 0; i < sequence.getValue().size(); i++) {
        Node item = sequence.getValue().get(i);
        String itemPath = sub(key) + "[" + i + "]";
        binding.found(itemPath, line(item));
        reader.apply(itemPath, item).ifPresent(items::add);
      }
    } else if (node != null) {
      binding.problem(sub(key), describe(node), expected, line(node));
    }
    return items;
  }

  /** A value that must be given; empty after a problem. */
  <T> Optional<T> required(String key, Kind<T> kind) {
    Node node = know(key, "");
    if (node == null) {
      problem(key, "not given", kind.expected());
      return Optional.empty();
    }
    return scalar(sub(key), node, kind);
  }

  /** Lists under any names, none by default. */
  <T> Map<String, List<T>> lists(String key, Kind<T> kind) {
    Node node = know(key, "{}");
    Map<String, List<T>> lists = new LinkedHashMap<>();
    if (node instanceof MappingNode mapping) {
      Section inner = new Section(binding, sub(key), mapping, Set.of());
      inner.entries.forEach((name, list) -> lists.put(name, inner.items(name, list, kind)));
    } else if (node != null) {
      binding.problem(sub(key), describe(node), "a mapping of lists", line(node));
    }
    return lists;
  }

  /** One value; the default is given as it is written in the file. */
  <T> T read(String key, String defaultText, Kind<T> kind) {
    Node node = know(key, defaultText);
    Optional<T> value = node == null ? Optional.empty() : scalar(sub(key), node, kind);
    return value.or(() -> kind.parse(defaultText)).orElseThrow();
  }

  private <T> Optional<T> scalar(String at, Node node, Kind<T> kind) {
    if (!(node instanceof ScalarNode scalar) || isNothing(node)) {
      binding.problem(at, describe(node), kind.expected(), line(node));
      return Optional.empty();
    }
    String text = scalar.getValue();
    if (scalar.getScalarStyle() != ScalarStyle.SINGLE_QUOTED) {
      Optional<String> lacking = binding.environment.lacks(text);
      if (lacking.isPresent()) {
        binding.problem(at, text, lacking.get(), line(node));
        return Optional.empty();
      }
      text = binding.environment.resolve(text);
    }
    Optional<T> value = kind.parse(text);
    if (value.isEmpty()) {
      binding.problem(at, text, kind.expected(), line(node));
    }
    return value;
  }

  /** Reports a value that is well formed but cannot be used. */
  void problem(String key, String value, String expected) {
    binding.problem(sub(key), value, expected);
  }

  /** Reports the keys that nobody read. */
  void end() {
    for (String key : entries.keySet()) {
      if (!known.contains(key)) {
        Optional<String> meant = Nearest.to(key, known);
        meant.filter(m -> !entries.containsKey(m)).map(this::sub).ifPresent(binding::mistyped);
        binding.problem(
            sub(key),
            "unknown key",
            meant.map(this::sub).orElse("one of " + String.join(", ", known)));
      }
    }
  }

  private Node know(String key, String defaultText) {
    known.add(key);
    Node node = entries.get(key);
    binding.knows(
        new Key(sub(key), defaultText, reloads.contains(key)),
        node == null ? defaultText : text(node));
    return node;
  }

  private String sub(String key) {
    return path.isEmpty() ? key : path + "." + key;
  }

  /** A value as one writes it in a line, with the environment's values in it. */
  private String text(Node node) {
    if (node instanceof SequenceNode list) {
      return list.getValue().stream().map(this::text).collect(Collectors.joining(", ", "[", "]"));
    }
    if (node instanceof MappingNode mapping) {
      return mapping.getValue().stream()
          .map(entry -> text(entry.getKeyNode()) + ": " + text(entry.getValueNode()))
          .collect(Collectors.joining(", ", "{", "}"));
    }
    String text = ((ScalarNode) node).getValue();
    boolean literal = ((ScalarNode) node).getScalarStyle() == ScalarStyle.SINGLE_QUOTED;
    return literal || binding.environment.lacks(text).isPresent()
        ? text
        : binding.environment.resolve(text);
  }

  private static boolean isNothing(Node node) {
    return Tag.NULL.equals(node.getTag());
  }

  private static String describe(Node node) {
    if (isNothing(node)) {
      return "nothing";
    }
    return switch (node.getNodeId()) {
      case mapping -> "a mapping";
      case sequence -> "a list";
      default -> ((ScalarNode) node).getValue();
    };
  }

  private static int line(Node node) {
    return node.getStartMark().getLine() + 1;
  }
}
