package dev.weft.topology;

import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;

/** In which lines of a text its values stand; it is parsed again when the first line is asked. */
final class DocumentLines {
  /** A key, or an index. */
  private static final Pattern STEP = Pattern.compile("([^.\\[\\]]+)|\\[(\\d+)]");

  private final String text;

  /** Null until they are asked for. */
  private List<Node> documents;

  DocumentLines(String text) {
    this.text = text;
  }

  /**
   * The line, from 1, of a value, or of what it is missing in.
   *
   * @param path as of a {@link DocumentNode}; empty for the whole text
   * @return 0 for the whole text, and for one in JSON that is no YAML
   */
  int line(String path) {
    if (path.isEmpty() || documents().isEmpty()) {
      return 0;
    }
    Matcher step = STEP.matcher(path);
    Node at = documents().get(0);
    if (documents().size() > 1) {
      // documents[1]: a name and an index.
      boolean named = step.find();
      at = named && step.find() ? documents().get(Integer.parseInt(step.group(2))) : at;
    }
    int line = line(at);
    while (step.find()) {
      Optional<NodeTuple> entry =
          step.group(2) == null ? entry(at, step.group(1)) : Optional.empty();
      if (entry.isPresent()) {
        line = line(entry.get().getKeyNode());
        at = entry.get().getValueNode();
      } else if (step.group(2) != null && at instanceof SequenceNode list) {
        at = list.getValue().get(Integer.parseInt(step.group(2)));
        line = line(at);
      } else {
        return line;
      }
    }
    return line;
  }

  private static Optional<NodeTuple> entry(Node node, String key) {
    return node instanceof MappingNode mapping
        ? mapping.getValue().stream()
            .filter(e -> e.getKeyNode() instanceof ScalarNode k && k.getValue().equals(key))
            .findFirst()
        : Optional.empty();
  }

  private static int line(Node node) {
    return node.getStartMark().getLine() + 1;
  }

  private List<Node> documents() {
    if (documents == null) {
      documents = composed();
    }
    return documents;
  }

  private List<Node> composed() {
    LoaderOptions options = new LoaderOptions();
    options.setCodePointLimit(Documents.MAX_BYTES);
    List<Node> composed = new ArrayList<>();
    try {
      // JSON may be indented by tabs.
      for (Node document :
          new Yaml(options).composeAll(new StringReader(text.replace('\t', ' ')))) {
        if (!Tag.NULL.equals(document.getTag())) {
          composed.add(document);
        }
      }
      return composed;
    } catch (YAMLException jsonAlone) {
      return List.of();
    }
  }
}
