package dev.weft.config;

import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;

/**
 * Reads a configuration file; the result is right as a whole or the exception names all problems.
 */
public final class ConfigFile {
  private static final int MAX_BYTES = 1 << 20;
  private static final int MAX_DEPTH = 20;

  private ConfigFile() {}

  /**
   * Reads a file, with this process's environment.
   *
   * @throws ConfigException with every problem of the file
   */
  public static WeftConfig load(Path file) {
    return load(file, System.getenv());
  }

  /**
   * Reads a file.
   *
   * @throws ConfigException with every problem of the file
   */
  public static WeftConfig load(Path file, Map<String, String> environment) {
    return read(file, environment).config();
  }

  /**
   * Reads a file, with this process's environment, to be compared with another reading.
   *
   * @throws ConfigException with every problem of the file
   */
  public static ConfigReading read(Path file) {
    return read(file, System.getenv());
  }

  private static ConfigReading read(Path file, Map<String, String> environment) {
    String source = file.toString();
    byte[] bytes;
    try (InputStream in = Files.newInputStream(file)) {
      bytes = in.readNBytes(MAX_BYTES + 1);
    } catch (NoSuchFileException e) {
      throw unusable(source, "no such file", "a configuration; see conf/weft.yaml", 0);
    } catch (IOException e) {
      throw unusable(source, e.getMessage(), "a file that can be read", 0);
    }
    if (bytes.length > MAX_BYTES) {
      throw unusable(source, "more than 1 MiB", "at most 1 MiB", 0);
    }
    try {
      String yaml = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      return read(source, yaml, environment);
    } catch (CharacterCodingException e) {
      throw unusable(source, "not UTF-8", "text in UTF-8", 0);
    }
  }

  /**
   * Reads a text. {@code {}} gives the defaults.
   *
   * @throws ConfigException with every problem of the text
   */
  public static WeftConfig parse(String yaml, Map<String, String> environment) {
    return read(yaml, environment).config();
  }

  static ConfigReading read(String yaml, Map<String, String> environment) {
    return read("configuration", yaml, environment);
  }

  private static ConfigReading read(String source, String yaml, Map<String, String> environment) {
    Node root = compose(source, yaml);
    if (root == null) {
      throw unusable(source, "empty", "a mapping; see conf/weft.yaml", 0);
    }
    if (!(root instanceof MappingNode)) {
      throw unusable(source, "not a mapping", "a mapping; see conf/weft.yaml", 0);
    }
    Binding binding = new Binding(new Environment(environment));
    WeftConfig config = WeftConfig.read(new Section(binding, "", root, Set.of()));
    new CrossChecks(config, binding).run();
    List<ConfigProblem> problems = binding.problems();
    if (!problems.isEmpty()) {
      throw new ConfigException(source, problems, Optional.of(config), binding::sound);
    }
    return ConfigReading.of(config, binding.values());
  }

  /** Every key that the code reads, in its order. */
  static List<Key> keys() {
    Binding binding = new Binding(new Environment(Map.of()));
    WeftConfig.read(new Section(binding, "", null, Set.of()));
    return binding.keys();
  }

  /** The parse tree, without making objects of it; null for a text without content. */
  static Node compose(String source, String yaml) {
    LoaderOptions limits = new LoaderOptions();
    limits.setCodePointLimit(MAX_BYTES);
    limits.setNestingDepthLimit(MAX_DEPTH);
    try {
      return new Yaml(limits).compose(new StringReader(yaml));
    } catch (MarkedYAMLException e) {
      Mark at = e.getProblemMark();
      if (at == null) {
        throw unusable(source, e.getProblem(), "YAML 1.1", 0);
      }
      String line = yaml.lines().skip(at.getLine()).findFirst().orElse("");
      Optional<String> bare = Environment.before(line, at.getColumn());
      throw unusable(
          source,
          bare.orElse(e.getProblem()),
          bare.map(name -> "quotes around it within { } and [ ]: \"" + name + "\"")
              .orElse("YAML 1.1"),
          at.getLine() + 1);
    } catch (YAMLException e) {
      throw unusable(source, e.getMessage(), "YAML 1.1", 0);
    }
  }

  private static ConfigException unusable(String source, String value, String expected, int line) {
    String path = line == 0 ? source : "syntax";
    return new ConfigException(
        source,
        List.of(new ConfigProblem(path, value, expected, line)),
        Optional.empty(),
        key -> false);
  }
}
