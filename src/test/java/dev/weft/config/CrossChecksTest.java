package dev.weft.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CrossChecksTest {
  private static final String TLS = "security.ca, security.cert and security.key";
  private static final String FILES = "security: {ca: ca.pem, cert: n.pem, key: n.key}\n";

  @Test
  void shouldAskForAllThreeFilesOfAnIdentity() {
    assertThat(problems("security: {cert: n.pem}"))
        .containsExactly(
            "security.ca: not given (expected: " + TLS + " together, or none of them)",
            "security.key: not given (expected: " + TLS + " together, or none of them)");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "securty: {ca: ca.pem, cert: n.pem, key: n.key}|securty: unknown key (expected: security)",
        "security: {ca: ca.pem, crt: n.pem, key: n.key}"
            + "|security.crt: unknown key (expected: security.cert)",
      })
  void shouldNotTellWhatFollowsFromAMistypedKey(String mistyped, String problem) {
    assertThat(problems("grpc: {host: 10.0.0.1}\n" + mistyped)).containsExactly(problem);
  }

  @Test
  void shouldWantAsManyIpv6AddressesForConnectionsAsIpv4() {
    assertThat(problems("nsm: {cidr: 172.16.0.0/12, cidr6: 'fd44::/112'}"))
        .containsExactly(
            "nsm.cidr6: fd44::/112 (expected: at most 108 bits, for as many connections as nsm.cidr"
                + " 172.16.0.0/12 has)");
    assertThatCode(() -> ConfigFile.parse("nsm: {cidr6: 'fd44::/112'}", Map.of()))
        .doesNotThrowAnyException();
    for (String bad : List.of("10.44.0.0/16", "fd44::1/64", "fe80::/64", "ff05::/16", "fd44::")) {
      assertThat(problems("nsm: {cidr6: '" + bad + "'}"))
          .containsExactly(
              "nsm.cidr6: "
                  + bad
                  + " (expected: an IPv6 network of unicast addresses, 16 to 112 bits, as in"
                  + " fd44::/64, or '' for none)");
    }
  }

  @Test
  void shouldWantAsManyIpv6AddressesForPodsAsIpv4() {
    assertThat(problems("subnets: {cidr: 10.0.0.0/12, cidr6: 'fd42::/112'}"))
        .containsExactly(
            "subnets.cidr6: fd42::/112 (expected: at most 108 bits, for as many addresses as cidr"
                + " 10.0.0.0/12 has)");
    assertThat(problems("subnets: {cidr: 'fd41::/48', prefix: 64, cidr6: 'fd42::/48'}"))
        .containsExactly(
            "subnets.cidr6: fd42::/48 (expected: none beside the IPv6 range cidr fd41::/48)");
    assertThat(problems("{subnets: {cidr6: 'fd44::/48'}, nsm: {cidr6: 'fd44::/64'}}"))
        .containsExactly(
            "nsm.cidr6: fd44::/64 (expected: a range of its own, apart from subnets.cidr6"
                + " fd44::/48)");
    for (String bad : List.of("10.44.0.0/16", "fd42::1/64", "fe80::/64", "ff05::/16", "fd42::")) {
      assertThat(problems("subnets: {cidr6: '" + bad + "'}"))
          .containsExactly(
              "subnets.cidr6: "
                  + bad
                  + " (expected: an IPv6 network of unicast addresses, 16 to 120 bits, as in"
                  + " fd42::/48, or '' for none)");
    }
  }

  @Test
  void shouldTellWhatExternalNsmsNeed() {
    assertThat(problems("nsm: {externals: [{service: echo, ca: o.pem}]}"))
        .containsExactlyInAnyOrder(
            "nsm.externals: 1 of them (expected: none without " + TLS + ")",
            "grpc.external: not given (expected: address:port where those of nsm.externals reach"
                + " this node, if there are any)");
    assertThat(
            problems(
                FILES
                    + """
                    grpc: {external: "127.0.0.1:51111"}
                    nsm: {externals: [{service: echo, ca: o.pem}]}
                    """))
        .containsExactly(
            "grpc.external: 127.0.0.1:51111 (expected: an address and port of its own, not"
                + " grpc.port's)");
  }

  @Test
  void shouldTellWhatAnOutpostNeedsAndWhatItCannotHave() {
    assertThat(problems(FILES + "cluster: {role: outpost, join: [n2]}"))
        .containsExactly(
            "cluster.role: outpost (expected: member, or no cluster.join)",
            "cluster.role: outpost (expected: member, or mesh.links)");
  }

  @ParameterizedTest
  @CsvSource({
    "{}, '', false",
    "{}, n2, false",
    "'{links: [{to: \"udp://10.0.0.1:7654\"}]}', '', true",
    "'{links: [{to: \"udp://10.0.0.1:7654\"}]}', n2, false",
  })
  void shouldBeAnOutpostWithLinksAndNobodyToJoin(String mesh, String join, boolean outpost) {
    WeftConfig config =
        ConfigFile.parse(FILES + "cluster: {join: [" + join + "]}\nmesh: " + mesh, Map.of());

    assertThat(config.cluster().outpost(config.mesh())).isEqualTo(outpost);
  }

  @Test
  void shouldKeepListenersWithoutProofOnLoopback() {
    String yaml =
        """
        cluster: {bind: 10.0.0.1, bus: "10.0.0.1:0", join: [n2]}
        grpc: {host: "2001:db8::1"}
        http: {host: 0.0.0.0}
        """;

    String proof = "; beyond it " + TLS + ", or security.insecure: true)";
    assertThat(problems(yaml))
        .containsExactly(
            "cluster.bind: 10.0.0.1 (expected: a loopback address" + proof,
            "cluster.bus: 10.0.0.1 (expected: a loopback address" + proof,
            "cluster.join: n2:5701 (expected: none without "
                + TLS
                + ", or security.insecure: true)",
            "grpc.host: 2001:db8::1 (expected: a loopback address" + proof,
            "http.host: 0.0.0.0 (expected: a loopback address; beyond it http.token-file, or"
                + " security.insecure: true)");
  }

  @Test
  void shouldKeepTheMeshToOneUdpAddressOfThisHost() {
    String proof = "; beyond it " + TLS + ", or security.insecure: true)";
    assertThat(
            problems(
                "mesh: {listen: ['udp://10.0.0.1:7654', 'tcp://[::]:7654', 'unix:/run/m.sock']}"))
        .containsExactlyInAnyOrder(
            "mesh.listen: 10.0.0.1 (expected: a loopback address" + proof,
            "mesh.listen: :: (expected: an address of this host)");
    assertThat(problems("mesh: {listen: ['udp://127.0.0.1:1', 'udp://127.0.0.1:2']}"))
        .containsExactly(
            "mesh.listen: [udp://127.0.0.1:1, udp://127.0.0.1:2] (expected: one udp address, which"
                + " serves all nodes)");
    assertThat(problems("mesh: {listen: ['tcp://127.0.0.1:51111']}"))
        .containsExactly(
            "mesh.listen: 127.0.0.1:51111 (expected: an address and port of its own, not"
                + " grpc.port's)");
  }

  @Test
  void shouldWantServicesAndForwardsOnceAndOnAMesh() {
    assertThat(
            problems(
                """
                mesh:
                  services: [{name: web, target: "tcp://h:80"}]
                  forwards: [{listen: "127.0.0.1:1", service: web}]
                """))
        .containsExactlyInAnyOrder(
            "mesh.services: 1 of them (expected: none without mesh.listen or mesh.links)",
            "mesh.forwards: 1 of them (expected: none without mesh.listen or mesh.links)");
    assertThat(
            problems(
                """
                mesh:
                  links: [{to: "unix:/run/m.sock"}]
                  services: [{name: a, target: "tcp://h:1"}, {name: a, target: "tcp://h:2"}]
                  forwards:
                    - {listen: "unix:/run/f", service: a}
                    - {listen: "unix:/run/../run/f", service: b}
                    - {listen: "127.0.0.1:0", service: a}
                    - {listen: "127.0.0.1:0", service: b}
                """))
        .containsExactlyInAnyOrder(
            "mesh.services: a twice (expected: each once)",
            "mesh.forwards: unix:/run/f twice (expected: each once)");
    assertThat(
            problems(
                """
                mesh:
                  links: [{to: "unix:/run/m.sock"}]
                  forwards: [{listen: "127.0.0.1:51111", service: b}]
                """))
        .containsExactly(
            "mesh.forwards: 127.0.0.1:51111 (expected: an address and port of its own, not"
                + " grpc.port's)");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "security: {insecure: true}\nhttp: {host: 0.0.0.0}\n",
        FILES + "http: {host: '::', token-file: t}\n"
      })
  void shouldAllowThemWithProofOrWhenTold(String yaml) {
    String listeners =
        """
        cluster: {bind: 10.0.0.1, bus: "10.0.0.1:0", join: [n2]}
        grpc: {host: 10.0.0.1}
        """;

    assertThatCode(() -> ConfigFile.parse(yaml + listeners, Map.of())).doesNotThrowAnyException();
  }

  @Test
  void shouldTakeLoopbackInItsDisguises() {
    String yaml =
        "grpc: {host: 127.9.9.9}\nhttp: {host: '::1'}\ncluster: {bind: '::ffff:127.0.0.1'}\n";

    assertThatCode(() -> ConfigFile.parse(yaml, Map.of())).doesNotThrowAnyException();
  }

  @Test
  void shouldRefuseWildcardsWhereAnAddressIsMeant() {
    String yaml =
        FILES
            + """
            cluster: {bind: 0.0.0.0, bus: "[::]:0"}
            grpc: {host: "0:0:0:0:0:0:0:0", advertise: "0.0.0.0:1"}
            """;

    assertThat(problems(yaml))
        .containsExactly(
            "cluster.bind: 0.0.0.0 (expected: an address of this host)",
            "cluster.bus: :: (expected: an address of this host and a port)",
            "grpc.host: 0:0:0:0:0:0:0:0 (expected: an address of this host; programs of this host"
                + " are served on 127.0.0.1 as well)",
            "grpc.advertise: 0.0.0.0 (expected: what other nodes can dial)");
  }

  @Test
  void shouldRefuseTwoListenersInOnePlace() {
    assertThat(problems("http: {port: 51111}\n"))
        .containsExactly(
            "http.port: 127.0.0.1:51111 (expected: an address and port of its own, not"
                + " grpc.port's)");
    assertThat(problems("grpc: {meshnet: '0.0.0.0:51111'}\n"))
        .containsExactly(
            "grpc.meshnet: 0.0.0.0:51111 (expected: an address and port of its own, not"
                + " grpc.port's)");
    assertThatCode(() -> ConfigFile.parse("grpc: {meshnet: '127.0.0.2:51111'}\n", Map.of()))
        .doesNotThrowAnyException();
    assertThatCode(
            () ->
                ConfigFile.parse(
                    "cluster: {port: 0}\ngrpc: {port: 0}\nhttp: {port: 0}\n", Map.of()))
        .doesNotThrowAnyException();
  }

  @Test
  void shouldNotBlameOneKeyForTheFaultOfAnother() {
    assertThat(problems("security: {ca: [], cert: n.pem, key: n.key}\ncluster: {join: [n2]}\n"))
        .containsExactly("security.ca: a list (expected: a path, or '' for none)");
  }

  private static List<String> problems(String yaml) {
    return catchThrowableOfType(ConfigException.class, () -> ConfigFile.parse(yaml, Map.of()))
        .problems()
        .stream()
        .map(ConfigProblem::toString)
        .toList();
  }
}
