package dev.weft.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.weft.address.HostPort;
import dev.weft.address.StreamAddress;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigFileTest {
  @Test
  void shouldNameWhatOnlyAStartApplies() {
    Map<String, String> environment = Map.of("PORT", "8081");
    ConfigReading before = ConfigFile.read("{http: {port: 8080}, mesh: {listen: []}}", environment);

    ConfigReading after =
        ConfigFile.read(
            """
            http: {port: "${PORT}", token-file: token}
            mesh: {listen: ["udp://127.0.0.1:7655"]}
            log: {level: debug}
            """,
            environment);

    assertThat(before.needRestart(after))
        .containsExactly("http.port: 8080 -> 8081", "mesh.listen: [] -> [udp://127.0.0.1:7655]");
    assertThat(before.needRestart(before)).isEmpty();
    assertThat(before.needRestart(ConfigFile.read("{http: {port: '8080'}}", Map.of()))).isEmpty();
  }

  @Test
  void shouldReadEveryKindOfValue() {
    String yaml =
        """
        node: {name: n1, data: /var/lib/weft}
        cluster:
          join: [n2, "10.0.0.3:5702", "[2001:db8::4]:5703", "2001:db8::5"]
          size: 5
          bus: "[::1]:15701"
        grpc: {port: 51112, advertise: "n1.example", meshnet: "10.0.0.1:51111"}
        http: {socket: /run/weft.sock, token-file: /etc/weft/token}
        security: {ca: ca.pem, cert: n1.pem, key: n1.key}
        wires: {mtu: 65535, driver: worker, on-stop: remove, carrier: follow, repoint: deny, big-tcp: false}
        log: {level: debug, format: json}
        """;

    WeftConfig config = ConfigFile.parse(yaml, Map.of());

    assertThat(config.node()).isEqualTo(new NodeConfig("n1", Path.of("/var/lib/weft")));
    assertThat(config.cluster())
        .isEqualTo(
            new ClusterConfig(
                "weft",
                "127.0.0.1",
                5701,
                List.of(
                    new HostPort("n2", 5701),
                    new HostPort("10.0.0.3", 5702),
                    new HostPort("2001:db8::4", 5703),
                    new HostPort("2001:db8::5", 5701)),
                5,
                ClusterConfig.Role.AUTO,
                Duration.ofDays(7),
                new HostPort("::1", 15701)));
    assertThat(config.grpc())
        .isEqualTo(
            new GrpcConfig(
                "127.0.0.1",
                51112,
                new HostPort("n1.example", 51112),
                Optional.of(new HostPort("10.0.0.1", 51111)),
                Optional.empty()));
    assertThat(config.http().socket()).contains(Path.of("/run/weft.sock"));
    assertThat(config.security().mutualTls()).isTrue();
    assertThat(config.wires())
        .isEqualTo(
            new WiresConfig(
                65535,
                WiresConfig.Driver.WORKER,
                WiresConfig.OnStop.REMOVE,
                WiresConfig.Carrier.FOLLOW,
                WiresConfig.Repoint.DENY,
                false));
    assertThat(config.log()).isEqualTo(new LogConfig(LogConfig.Level.DEBUG, LogConfig.Format.JSON));
  }

  @Test
  void shouldReadExternalNsmsAndNameAllThatIsWrongWithThem() {
    String good =
        """
        grpc: {external: "10.0.0.1:51112"}
        security: {ca: ca.pem, cert: n1.pem, key: n1.key}
        nsm:
          externals:
            - {service: echo, address: edge.example, ca: other.pem}
            - {service: archive, ca: other.pem}
        """;
    String bad =
        """
        nsm:
          externals:
            - {service: a/b, address: "edge.example:0", port: 1}
            - echo
            - {ca: other.pem}
        """;

    assertThat(ConfigFile.parse(good, Map.of()).nsm().externals())
        .containsExactly(
            new NsmConfig.External(
                "echo", Optional.of(new HostPort("edge.example", 51112)), Path.of("other.pem")),
            new NsmConfig.External("archive", Optional.empty(), Path.of("other.pem")));
    assertThat(problems(bad))
        .containsExactlyInAnyOrder(
            "nsm.externals[0].service: a/b (expected: a service: 1 to 253 letters, digits, '.', '_'"
                + " or '-')",
            "nsm.externals[0].address: edge.example:0 (expected: host, host:port or [address]:port,"
                + " or '' for none)",
            "nsm.externals[0].ca: not given (expected: a path)",
            "nsm.externals[0].port: unknown key (expected: one of address, ca, service)",
            "nsm.externals[1]: echo (expected: a mapping)",
            "nsm.externals[2].service: not given (expected: a service: 1 to 253 letters, digits,"
                + " '.', '_' or '-')");
  }

  @Test
  void shouldNameTheNodeAfterItsHost() throws IOException {
    String hostName = Files.readString(Path.of("/proc/sys/kernel/hostname")).strip();

    assertThat(ConfigFile.parse("{}", Map.of()).node().name()).isEqualTo(hostName);
  }

  @Test
  void shouldReportAllProblemsAtOnceInTheFilesOrder() {
    String yaml =
        """
        http:
          port: 70000
          prot: 1
        wires: {mtu: 67, driver: dpdk}
        nod: {}
        log: loud
        security:
          insecure: yes
        """;

    assertThat(problems(yaml))
        .containsExactly(
            "http.port: 70000 (expected: 0..65535)",
            "http.prot: unknown key (expected: http.port)",
            "wires.mtu: 67 (expected: 68..65535)",
            "wires.driver: dpdk (expected: auto, epoll, worker)",
            "nod: unknown key (expected: node)",
            "log: loud (expected: a mapping)",
            "security.insecure: yes (expected: true or false)");
  }

  @Test
  void shouldTellTheFileAndTheLine(@TempDir Path dir) throws IOException {
    Path file = Files.writeString(dir.resolve("x.yaml"), "http:\n  port: 70000\n");

    ConfigException e =
        catchThrowableOfType(ConfigException.class, () -> ConfigFile.load(file, Map.of()));

    assertThat(e).hasMessage(file + ":2: http.port: 70000 (expected: 0..65535)");
    assertThat(e.problems()).extracting(ConfigProblem::line).containsExactly(2);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "http: {port: -1}                 | http.port: -1 (expected: 0..65535)",
        "http: {port: 080}                | http.port: 080 (expected: 0..65535)",
        "http: {port: 99999999999}        | http.port: 99999999999 (expected: 0..65535)",
        "http: {port: }                   | http.port: nothing (expected: 0..65535)",
        "http: {port: [80]}               | http.port: a list (expected: 0..65535)",
        "http: {port: {a: 1}}             | http.port: a mapping (expected: 0..65535)",
        "http: {host: localhost}          | http.host: localhost (expected: an IP address)",
        "http: {host: 10.1}               | http.host: 10.1 (expected: an IP address)",
        "http: {host: 010.0.0.1}          | http.host: 010.0.0.1 (expected: an IP address)",
        "http: {host: 'fe80::x'}          | http.host: fe80::x (expected: an IP address)",
        "cluster: {bus: '127.0.0.1'}      | cluster.bus: 127.0.0.1 (expected: address:port or"
            + " [address]:port)",
        "cluster: {bus: 'n1:1'}           | cluster.bus: n1:1 (expected: address:port or"
            + " [address]:port)",
        "cluster: {join: n2}              | cluster.join: n2 (expected: a list, each item host,"
            + " host:port or [address]:port)",
        "cluster: {join: [['n2']]}        | cluster.join[0]: a list (expected: host, host:port or"
            + " [address]:port)",
        "cluster: {join: ['10.0.0.300']}  | cluster.join[0]: 10.0.0.300 (expected: host, host:port"
            + " or [address]:port)",
        "cluster: {join: ['n2:0']}        | cluster.join[0]: n2:0 (expected: host, host:port or"
            + " [address]:port)",
        "cluster: {size: 1.5}             | cluster.size: 1.5 (expected: 0..1000)",
        "node: {data: ''}                 | node.data: '' (expected: a path)",
        "node: {name: -n}                 | node.name: -n (expected: 1 to 63 letters, digits, '.',"
            + " '_' or '-', a letter or digit first, or '' for none)",
        "log: {level: INFO}               | log.level: INFO (expected: error, warn, info, debug,"
            + " trace)",
        "http: {port: 1, port: 2}         | http.port: given again (expected: once, as in line 1)",
        "{[1, 2]: 3}                      | file: a list as a key (expected: a name)",
        "http: {listen-everywhere: true}  | http.listen-everywhere: unknown key (expected: one of"
            + " host, port, read-token-file, socket, token-file)",
        "http: {<<: {port: 1}}            | http.<<: unknown key (expected: one of host, port,"
            + " read-token-file, socket, token-file)",
      })
  void shouldNameTheValueAndWhatWasExpected(String yaml, String problem) {
    assertThat(problems(yaml)).containsExactly(problem);
  }

  @ParameterizedTest
  @CsvSource({"'10.0.0.2, 10.0.0.3'", "'10.0.0.1, 10.0.0.2, 10.0.0.3'"})
  void shouldCountItsMembersOnceWhoeverIsOnTheJoinList(String join) {
    String yaml =
        """
        cluster: {bind: 10.0.0.1, join: [%s]}
        security: {ca: ca.pem, cert: n1.pem, key: n1.key}
        """;

    assertThat(ConfigFile.parse(yaml.formatted(join), Map.of()).cluster().named()).isEqualTo(3);
  }

  @Test
  void shouldRefuseASocketPathThatTheKernelWouldCut() {
    String path = "/" + "s".repeat(107);

    assertThat(problems("http: {socket: " + path + "}"))
        .first()
        .asString()
        .endsWith("(expected: a path of at most 107 bytes, or '' for none)");
  }

  @Test
  void shouldPutVariablesIntoValues() {
    Map<String, String> environment = Map.of("PORT", "8081", "HOST", "${PORT}", "DIR", "/d");
    String yaml =
        """
        node: {name: 'x', data: "${DIR}/${SUB:weft}"}
        http: {port: "${PORT}", token-file: '${PORT}', socket: "${NONE:}"}
        """;

    WeftConfig config = ConfigFile.parse(yaml, environment);

    assertThat(config.node().data()).isEqualTo(Path.of("/d/weft"));
    assertThat(config.http().port()).isEqualTo(8081);
    assertThat(config.http().socket()).isEmpty();
    assertThat(config.http().tokenFile()).contains(Path.of("${PORT}"));
  }

  @Test
  void shouldNotLookAgainAtWhatAVariableStandsFor() {
    assertThat(ConfigFile.parse("node: {data: \"${A}\"}", Map.of("A", "${B}")).node().data())
        .isEqualTo(Path.of("${B}"));
  }

  @Test
  void shouldRefuseAVariableThatIsNotSet() {
    assertThat(problems("http: {port: \"${WEFT_PORT}\"}"))
        .containsExactly(
            "http.port: ${WEFT_PORT} (expected: WEFT_PORT in the environment, or a default:"
                + " ${WEFT_PORT:default})");
    assertThat(problems("node: {data: \"${1}\"}"))
        .containsExactly(
            "node.data: ${1} (expected: ${NAME} or ${NAME:default}, or single quotes around what is"
                + " meant literally)");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "\n", "# nothing but a comment\n", "---\n"})
  void shouldRefuseAnEmptyFile(String yaml, @TempDir Path dir) throws IOException {
    Path file = Files.writeString(dir.resolve("x.yaml"), yaml);

    assertThat(message(file))
        .startsWith(file + ": ")
        .endsWith("(expected: a mapping; see conf/weft.yaml)");
  }

  @Test
  void shouldTellTheLineOfASyntaxError(@TempDir Path dir) throws IOException {
    Path file = Files.writeString(dir.resolve("x.yaml"), "http:\n  port: 1\n bad: [\n");

    assertThat(message(file)).startsWith(file + ":3: syntax: ").endsWith("(expected: YAML 1.1)");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "cluster: { bind: ${ADDRESS} }|${ADDRESS}",
        "cluster: { join: [10.0.0.1, ${OTHER:10.0.0.2}] }|${OTHER:10.0.0.2}",
        "{ grpc: { port: 1, host: ${A}, advertise: '${B}' } }|${A}",
      })
  void shouldAskForQuotesAroundAVariableWithinBraces(
      String wrong, String variable, @TempDir Path dir) throws IOException {
    Path file = Files.writeString(dir.resolve("x.yaml"), "# ${NAME}\n" + wrong + "\n");

    assertThat(message(file))
        .isEqualTo(
            "%s:2: syntax: %s (expected: quotes around it within { } and [ ]: \"%s\")"
                .formatted(file, variable, variable));
  }

  @Test
  void shouldRefuseWhatIsNoText(@TempDir Path dir) throws IOException {
    Path latin1 =
        Files.write(dir.resolve("l.yaml"), "node: {name: é}".getBytes(StandardCharsets.ISO_8859_1));
    Path large = Files.writeString(dir.resolve("b.yaml"), "#" + "x".repeat(1 << 20));

    assertThat(message(latin1)).isEqualTo(latin1 + ": not UTF-8 (expected: text in UTF-8)");
    assertThat(message(large)).isEqualTo(large + ": more than 1 MiB (expected: at most 1 MiB)");
    assertThat(message(dir.resolve("none.yaml")))
        .isEqualTo(
            dir.resolve("none.yaml")
                + ": no such file (expected: a configuration; see conf/weft.yaml)");
    assertThat(message(dir)).endsWith("(expected: a file that can be read)");
  }

  @Test
  void shouldRefuseAnAliasBomb() {
    StringBuilder yaml = new StringBuilder("a0: &a0 [x, x]\n");
    for (int i = 1; i < 30; i++) {
      String[] aliases = new String[10];
      Arrays.fill(aliases, "*a" + (i - 1));
      yaml.append("a%d: &a%d [%s]\n".formatted(i, i, String.join(", ", aliases)));
    }

    assertThat(problems(yaml.toString())).singleElement().asString().contains("aliases");
  }

  @Test
  void shouldRefuseDeepNestingAndSeveralDocuments() {
    assertThat(problems("a: " + "[".repeat(50) + "]".repeat(50)))
        .singleElement()
        .asString()
        .contains("Nesting Depth exceeded");
    assertThat(problems("node: {}\n---\nhttp: {}\n"))
        .singleElement()
        .asString()
        .contains("another document");
  }

  private static String message(Path file) {
    return catchThrowableOfType(ConfigException.class, () -> ConfigFile.load(file, Map.of()))
        .getMessage();
  }

  private static List<String> problems(String yaml) {
    return catchThrowableOfType(ConfigException.class, () -> ConfigFile.parse(yaml, Map.of()))
        .problems()
        .stream()
        .map(ConfigProblem::toString)
        .toList();
  }

  @Test
  void shouldReadLinksOfEveryKind() {
    String yaml =
        """
        mesh:
          listen: ["udp://127.0.0.1:0", "unix:/run/weft/mesh.sock"]
          links:
            - { to: "udp://edge.example:7654", node: 0123456789abcdef }
            - { to: "tcp://edge.example", proxy: "proxy.example:3128" }
            - { to: "exec:ssh edge.example weft link-stdio" }
            - { to: "serial:///dev/ttyS0", speed: 9600 }
          relay: false
          relay-rate: 2MiB
        """;

    MeshConfig mesh = ConfigFile.parse(yaml, Map.of()).mesh();

    assertThat(mesh.on()).isTrue();
    assertThat(mesh.links().stream().map(link -> link.to().toString()))
        .containsExactly(
            "udp://edge.example:7654",
            "tcp://edge.example",
            "exec:ssh edge.example weft link-stdio",
            "serial:/dev/ttyS0");
    assertThat(mesh.links().get(1).to().hostPort()).contains(new HostPort("edge.example", 7654));
    assertThat(mesh.relayRate()).isEqualTo(2 << 20);
  }

  @Test
  void shouldNameLinksThatCannotBe() {
    String yaml =
        """
        mesh:
          listen: ["exec:ssh x", "udp://name:1"]
          links: [{ to: "ftp://edge" }, { to: "udp://e", node: 12 }]
        """;

    assertThat(problems(yaml))
        .containsExactly(
            "mesh.listen[0]: exec:ssh x (expected: udp://address:port, tcp://address:port or"
                + " unix:PATH)",
            "mesh.listen[1]: udp://name:1 (expected: udp://address:port, tcp://address:port or"
                + " unix:PATH)",
            "mesh.links[0].to: ftp://edge (expected: udp://host:port, tcp://host:port, unix:PATH,"
                + " exec:COMMAND or serial:DEVICE)",
            "mesh.links[1].node: 12 (expected: a node id: 16 lower case hex digits, or '' for"
                + " none)");
  }

  @Test
  void shouldReadServicesAndForwards() {
    String yaml =
        """
        mesh:
          listen: ["udp://127.0.0.1:0"]
          services:
            - { name: web, target: "tcp://server.example:80" }
            - { name: db, target: "unix:///run/db.sock", allow: [ 0123456789abcdef ] }
          forwards:
            - { listen: "127.0.0.1:9000", service: web }
            - { listen: "unix:/run/y.sock", node: n3, service: db }
        """;

    MeshConfig mesh = ConfigFile.parse(yaml, Map.of()).mesh();

    assertThat(mesh.services())
        .containsExactly(
            new ServiceConfig(
                "web", StreamAddress.of(new HostPort("server.example", 80)), List.of()),
            new ServiceConfig(
                "db",
                new StreamAddress(Optional.empty(), Path.of("/run/db.sock")),
                List.of("0123456789abcdef")));
    assertThat(mesh.forwards())
        .containsExactly(
            new ForwardConfig(StreamAddress.of(new HostPort("127.0.0.1", 9000)), "any", "web"),
            new ForwardConfig(
                new StreamAddress(Optional.empty(), Path.of("/run/y.sock")), "n3", "db"));
  }

  @Test
  void shouldNameServicesAndForwardsThatCannotBe() {
    String yaml =
        """
        mesh:
          services:
            - { name: "%s", target: "udp://h:1" }
            - { name: a b, target: "tcp://127.0.0.1:0", allow: [ n1 ] }
          forwards:
            - { listen: "localhost:9000", node: "-x" }
            - { listen: "unix:run/y.sock", service: web }
        """
            .formatted("x".repeat(256));

    assertThat(problems(yaml))
        .anyMatch(
            p ->
                p.startsWith("mesh.services[0].name: xxx")
                    && p.endsWith(" (expected: 1 to 255 characters, no spaces)"))
        .filteredOn(p -> !p.startsWith("mesh.services[0].name"))
        .containsExactlyInAnyOrder(
            "mesh.services[0].target: udp://h:1 (expected: tcp://host:port or unix:PATH)",
            "mesh.services[1].name: a b (expected: 1 to 255 characters, no spaces)",
            "mesh.services[1].target: tcp://127.0.0.1:0 (expected: tcp://host:port or unix:PATH)",
            "mesh.services[1].allow[0]: n1 (expected: a node id: 16 lower case hex digits)",
            "mesh.forwards[0].listen: localhost:9000 (expected: address:port or unix:PATH)",
            "mesh.forwards[0].node: -x (expected: any, a node id or a node's name)",
            "mesh.forwards[0].service: not given (expected: 1 to 255 characters, no spaces)",
            "mesh.forwards[1].listen: unix:run/y.sock (expected: address:port or unix:PATH)");
  }
}
