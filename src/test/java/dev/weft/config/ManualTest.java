package dev.weft.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;

/** conf/weft.yaml is the manual: it must say what the code does. */
class ManualTest {
  private static final Path MANUAL = Path.of("conf/weft.yaml");

  @Test
  void shouldNameEveryKeyWithItsDefaultInTheCodesOrder() throws IOException {
    Map<String, String> code = new LinkedHashMap<>();
    ConfigFile.keys().forEach(key -> code.put(key.path(), key.defaultText()));

    Map<String, String> manual = new LinkedHashMap<>();
    flatten("", ConfigFile.compose("manual", Files.readString(MANUAL)), manual);

    assertThat(manual).containsExactlyEntriesOf(code);
  }

  @Test
  void shouldGiveTheSameConfigurationAsAnEmptyMapping() {
    WeftConfig manual = ConfigFile.load(MANUAL, Map.of());

    assertThat(manual).isEqualTo(ConfigFile.parse("{}", Map.of()));
  }

  @Test
  void shouldMarkTheKeysThatAReloadApplies() throws IOException {
    List<String> code =
        ConfigFile.keys().stream().filter(Key::reloads).map(Key::path).collect(Collectors.toList());

    List<String> marked = new ArrayList<>();
    String section = "";
    boolean reload = false;
    for (String line : Files.readAllLines(MANUAL)) {
      if (line.startsWith("  # [reload]")) {
        reload = true;
      } else if (line.matches("[a-z]+:")) {
        section = line;
      } else if (reload && line.matches("  [a-z-]+: .*")) {
        marked.add(section.replace(':', '.') + line.substring(2, line.indexOf(':')));
        reload = false;
      }
    }

    assertThat(marked).isEqualTo(code);
  }

  private static void flatten(String path, Node node, Map<String, String> into) {
    if (node instanceof MappingNode mapping && mapping.getValue().isEmpty()) {
      into.put(path, "{}");
    } else if (node instanceof MappingNode mapping) {
      for (NodeTuple tuple : mapping.getValue()) {
        String key = ((ScalarNode) tuple.getKeyNode()).getValue();
        flatten(path.isEmpty() ? key : path + "." + key, tuple.getValueNode(), into);
      }
    } else if (node instanceof SequenceNode list) {
      into.put(path, list.getValue().isEmpty() ? "[]" : list.getValue().toString());
    } else {
      into.put(path, ((ScalarNode) node).getValue());
    }
  }
}
