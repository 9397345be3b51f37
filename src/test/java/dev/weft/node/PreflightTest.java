package dev.weft.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.weft.config.ConfigException;
import dev.weft.config.ConfigFile;
import dev.weft.config.WeftConfig;
import dev.weft.identity.CertificateAuthority;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PreflightTest {
  private static final Clock CLOCK = Clock.systemUTC();

  @TempDir Path directory;

  @BeforeEach
  void issue() {
    ca("ours").issueNode(directory.resolve("n1"), "n1", List.of(), 1);
    ca("theirs").issueNode(directory.resolve("other"), "n1", List.of(), 1);
  }

  private CertificateAuthority ca(String name) {
    return CertificateAuthority.create(directory.resolve(name), name, 2, CLOCK);
  }

  private List<String> problems(String ca, String cert, String key, String more) {
    String text =
        """
        node: { name: n1, data: %1$s/data }
        security: { ca: %1$s/%2$s, cert: %1$s/%3$s, key: %1$s/%4$s }
        %5$s
        """
            .formatted(directory, ca, cert, key, more);
    WeftConfig config = ConfigFile.parse(text, Map.of());
    return Preflight.problems(config, CLOCK).stream()
        .map(problem -> problem.replace(directory + "/", ""))
        .toList();
  }

  @Test
  void shouldFindNothingAndLeaveNothingWhereANodeCanStart() throws IOException {
    assertThat(problems("n1/ca.pem", "n1/n1.pem", "n1/n1.key", "")).isEmpty();
    try (Stream<Path> files = Files.list(directory)) {
      assertThat(files.map(Path::getFileName).map(Path::toString))
          .containsExactlyInAnyOrder("ours", "theirs", "n1", "other");
    }
  }

  @Test
  void shouldTellEveryFileThatIsMissing() {
    assertThat(problems("no.pem", "none.pem", "no.key", ""))
        .satisfiesExactly(
            ca -> assertThat(ca).startsWith("no.pem: no such file"),
            cert -> assertThat(cert).startsWith("none.pem: no such file"),
            key -> assertThat(key).startsWith("no.key: no such file"));
  }

  @Test
  void shouldTellAnothersKeyAndAnotherCaAtOnce() {
    assertThat(problems("other/ca.pem", "n1/n1.pem", "other/n1.key", ""))
        .satisfiesExactly(
            key ->
                assertThat(key)
                    .isEqualTo("other/n1.key: another key (expected: the key of n1/n1.pem)"),
            cert ->
                assertThat(cert)
                    .startsWith("n1/n1.pem: ")
                    .contains("not signed by this mesh's CA"));
  }

  @Test
  void shouldTellAddressesThatThisHostDoesNotHave() {
    String hosts =
        """
        grpc: { host: 198.51.100.1 }
        cluster: { bind: 198.51.100.2 }
        mesh: { listen: ["udp://198.51.100.3:7400"] }
        """;

    assertThat(problems("n1/ca.pem", "n1/n1.pem", "n1/n1.key", hosts))
        .allMatch(problem -> problem.endsWith("(expected: an address of this host)"))
        .extracting(problem -> problem.substring(0, problem.indexOf(": ")))
        .contains("grpc.host", "cluster.bind", "mesh.listen");
  }

  @Test
  void shouldTellWhatTheFileSaysWronglyAndWhatTheHostLacksAtOnce() {
    String text =
        """
        node: { name: "n 1" }
        cluster: { bind: 198.51.100.2 }
        mesh: { links: [ { node: 0123456789abcdef } ] }
        security: { ca: %1$s/no.pem, cert: %1$s/n1/n1.pem, key: %1$s/n1/n1.key }
        """
            .formatted(directory);
    ConfigException wrong =
        catchThrowableOfType(ConfigException.class, () -> ConfigFile.parse(text, Map.of()));

    assertThat(Preflight.problems(wrong, CLOCK))
        .satisfiesExactly(
            name -> assertThat(name).startsWith("configuration:1: node.name: n 1 (expected: "),
            to -> assertThat(to).startsWith("configuration:3: mesh.links[0].to: not given"),
            ca -> assertThat(ca).startsWith(directory + "/no.pem: no such file"),
            bind -> assertThat(bind).startsWith("cluster.bind: 198.51.100.2: "));
  }

  @Test
  void shouldTellADataDirectoryThatCannotBeMade() throws IOException {
    Files.createFile(directory.resolve("data"));

    assertThat(problems("n1/ca.pem", "n1/n1.pem", "n1/n1.key", ""))
        .singleElement()
        .asString()
        .matches("node.data: data: [^/]+ \\(expected: a directory that can be made and written\\)");
  }
}
