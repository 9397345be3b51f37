package dev.weft.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.weft.bus.Fault;
import dev.weft.bus.Json;
import dev.weft.bus.WeftException;
import dev.weft.pod.PodRef;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.yaml.snakeyaml.Yaml;

class TopologyFileTest {
  private static final String LINK = "{uid: 1, peer_pod: r2, local_intf: eth1, peer_intf: eth1}";

  @Test
  void shouldReadTheThreeNodeFieldSample() {
    TopologyFile file = sample("3node.yml");

    assertThat(file.topologies())
        .extracting(t -> t.pod().toString())
        .containsExactly("default/r1", "default/r2", "default/r3");
    assertThat(file.topologies().get(0).links())
        .containsExactly(
            new TopologyLink(1, "r2", "eth1", "eth1", "12.12.12.1/24", "12.12.12.2/24", null, null),
            new TopologyLink(
                2, "r3", "eth2", "eth1", "13.13.13.1/24", "13.13.13.3/24", null, null));
    assertThat(file.pods()).extracting(PodRef::name).containsExactly("r1", "r2", "r3");
    assertThat(file.contradictions()).isEmpty();
  }

  @Test
  void shouldReadAPodWithoutTopologyAndATopologyWithoutPod() {
    TopologyFile file = sample("2node.yml");

    assertThat(file.topologies()).extracting(t -> t.pod().name()).containsExactly("r1", "r2", "r3");
    assertThat(file.pods()).extracting(PodRef::name).containsExactly("r1", "r2", "r3", "r4");
    assertThat(file.contradictions()).isEmpty();
  }

  @Test
  void shouldReadALinkToLocalhost() {
    TopologyFile file = sample("macvlan.yml");

    assertThat(file.topologies().get(1).links().get(1))
        .isEqualTo(
            new TopologyLink(2, "localhost", "eth2", "eth0", "172.17.0.199/16", null, null, null));
  }

  @Test
  void shouldReadTheSameFromJson() throws IOException {
    String yaml = resource("3node.yml");
    String json =
        Json.mapper()
            .writerWithDefaultPrettyPrinter()
            .writeValueAsString(new Yaml().<Object>load(yaml))
            .replace("  ", "\t");

    TopologyFile file = TopologyFile.parse(json, "3node.json");

    assertThat(file).isEqualTo(TopologyFile.parse(yaml, "3node.yml"));
  }

  @Test
  void shouldReadSeveralDocumentsOfSeveralNamespacesAndKinds() {
    TopologyFile file =
        TopologyFile.parse(
            """
            ---
            kind: Namespace
            metadata: {name: lab}
            ---
            kind: Topology
            metadata: {name: r1, namespace: lab, labels: {x: y}}
            spec: {links: [{uid: 1, peer_pod: r2, local_intf: eth1, peer_intf: eth1, local_ip: "",
                            mtu: 9000, kind: veth}]}
            ---
            kind: Topology
            metadata: {name: r1}
            spec: {links: null}
            ---
            kind: StatefulSet
            metadata: {name: set}
            spec: {replicas: 2}
            """,
            "f");

    assertThat(file.topologies())
        .containsExactly(
            new Topology(
                new PodRef("lab", "r1"),
                List.of(new TopologyLink(1, "r2", "eth1", "eth1", null, null, 9000, "veth"))),
            new Topology(new PodRef("default", "r1"), List.of()));
    assertThat(file.pods())
        .extracting(PodRef::toString)
        .containsExactly("default/r1", "default/set-0", "default/set-1", "lab/r1");
  }

  @Test
  void shouldReadTheMacAndTheSecondNameOfEachEnd() {
    TopologyFile file =
        TopologyFile.parse(
            topology(
                "r1",
                "{uid: 1, peer_pod: r2, local_intf: eth1, peer_intf: eth2,"
                    + " local_mac: '02:00:00:00:00:0A', peer_mac: '02:00:00:00:00:02',"
                    + " local_name: GigabitEthernet0/0/0/1, peer_name: 'xe-0/0/1'}"),
            "f");

    assertThat(file.topologies().get(0).links())
        .containsExactly(
            new TopologyLink(
                1,
                "r2",
                "eth1",
                "eth2",
                null,
                null,
                "02:00:00:00:00:0a",
                "02:00:00:00:00:02",
                "GigabitEthernet0/0/0/1",
                "xe-0/0/1",
                null,
                null,
                null,
                null,
                null));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "local_mac: '01:00:5e:00:00:01'|local_mac: \"01:00:5e:00:00:01\" (expected: a MAC address"
            + " of",
        "local_mac: '00:00:00:00:00:00'|local_mac: \"00:00:00:00:00:00\" (expected: a MAC address"
            + " of",
        "peer_mac: 0200.0000.0001|peer_mac: \"0200.0000.0001\" (expected: a MAC address of",
        "local_name: 'Gi 0/1'|local_name: \"Gi 0/1\" (expected: 1 to 127 ASCII characters",
        "open: 1|open: 1 (expected: true or false)",
        "peer_name: ''|peer_name: \"\" (expected: 1 to 127 ASCII characters"
      })
  void shouldRefuseAMacOrANameThatNoInterfaceCanHave(String field, String expected) {
    assertThatThrownBy(
            () -> TopologyFile.parse(topology("r1", LINK.replace("}", ", " + field + "}")), "f"))
        .hasMessageContaining(expected);
  }

  @Test
  void shouldRefuseTheSameMacAtBothEnds() {
    String macs = ", local_mac: '02:00:00:00:00:0a', peer_mac: '02:00:00:00:00:0A'}";

    assertThatThrownBy(() -> TopologyFile.parse(topology("r1", LINK.replace("}", macs)), "f"))
        .hasMessageContaining(
            "peer_mac: \"02:00:00:00:00:0A\" (expected: another MAC address than");
  }

  @Test
  void shouldTellWhereTheSidesDifferInAMac() {
    String one = LINK.replace("}", ", local_mac: '02:00:00:00:00:01'}");
    String other = LINK.replace("r2", "r1").replace("}", ", peer_mac: '02:00:00:00:00:02'}");

    TopologyFile file =
        TopologyFile.parse(topology("r1", one) + "\n---\n" + topology("r2", other), "f");

    assertThat(file.contradictions())
        .containsExactly(
            "r1 uid 1: local_mac 02:00:00:00:00:01, but r2 uid 1 has peer_mac 02:00:00:00:00:02");
  }

  @Test
  void shouldAcceptALoopToTheSamePod() {
    TopologyFile file =
        TopologyFile.parse(
            topology(
                "r1",
                "{uid: 7, peer_pod: r1, local_intf: eth1, peer_intf: eth2}",
                "{uid: 7, peer_pod: r1, local_intf: eth2, peer_intf: eth1}"),
            "f");

    assertThat(file.topologies().get(0).links()).hasSize(2);
    assertThat(file.contradictions()).isEmpty();
  }

  @Test
  void shouldNameEveryFaultAtOnce() {
    WeftException e =
        refused(
            """
            kind: List
            items:
            - kind: Topology
              metadata: {name: r1}
              spec:
                links:
                - {uid: "x", peer_pod: r2, local_intf: eth1, peer_intf: eth1, mtu: 70000}
                - {uid: 2, peer_pod: r2, local_intf: abcdefghijklmnop, peer_intf: a/b}
                - {uid: 3, peer_pod: r2, local_intf: "e%d", peer_intf: all}
                - {}
            - kind: Topology
              metadata: {name: r_2}
              spec: {links: 3}
            - text
            """);

    assertThat(e.getMessage().lines())
        .containsExactly(
            "f:7: items[0].spec.links[0].uid: \"x\" (expected: a number, 0..9007199254740991)",
            "f:7: items[0].spec.links[0].mtu: 70000 (expected: a number, 68..65535)",
            "f:8: items[0].spec.links[1].local_intf: \"abcdefghijklmnop\" (expected: "
                + LinkFields.INTERFACE
                + ")",
            "f:8: items[0].spec.links[1].peer_intf: \"a/b\" (expected: "
                + LinkFields.INTERFACE
                + ")",
            "f:9: items[0].spec.links[2].local_intf: \"e%d\" (expected: "
                + LinkFields.INTERFACE
                + ")",
            "f:9: items[0].spec.links[2].peer_intf: \"all\" (expected: "
                + LinkFields.INTERFACE
                + ")",
            "f:10: items[0].spec.links[3].uid: missing (expected: a number, 0..9007199254740991)",
            "f:10: items[0].spec.links[3].peer_pod: missing (expected: a pod's name)",
            "f:10: items[0].spec.links[3].local_intf: missing (expected: "
                + LinkFields.INTERFACE
                + ")",
            "f:10: items[0].spec.links[3].peer_intf: missing (expected: "
                + LinkFields.INTERFACE
                + ")",
            "f:12: items[1].metadata: pod name: r_2 (expected: 1 to 253 lower-case letters, digits,"
                + " '-' or '.', as in r1)",
            "f:13: items[1].spec.links: 3 (expected: a list)",
            "f:14: items[2]: \"text\" (expected: an object with a kind: Topology)");
  }

  @Test
  void shouldNameTheLinesOfSeveralDocumentsAndOfJson() {
    assertThat(refused("---\n---\n" + topology("r1", LINK) + "---\nkind: Topology\nspec: {}\n"))
        .hasMessage(
            """
            f:5: documents[1].metadata: missing (expected: an object with a name)
            f:6: documents[1].spec.links: missing (expected: a list of links)\
            """);
    assertThat(
            refused(
                "{\n\t\"kind\": \"Topology\",\n\t\"metadata\": {\"name\": 1},\n\t\"spec\": {}}"))
        .hasMessageStartingWith("f:3: metadata.name: 1 (expected: a string)\nf:4: spec.links: ");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "uid: -1|uid: -1 (expected",
        "uid: 9007199254740992|uid: 9007199254740992 (expected",
        "uid: 99999999999999999999|uid: 99999999999999999999 (expected",
        "uid: 1.5|uid: 1.5 (expected",
        "uid: null|uid: missing (expected",
        "peer_pod: 7|peer_pod: 7 (expected: a string)",
        "peer_pod: a/b|peer_pod: pod name: a/b",
        "local_intf: [a]|local_intf: a list (expected: a string)",
        "local_intf: ''|local_intf: \"\" (expected",
        "local_intf: '..'|local_intf: \"..\" (expected",
        "local_intf: 'a b'|local_intf: \"a b\" (expected",
        "local_ip: 10.0.0.1|local_ip: \"10.0.0.1\" (expected: an address and prefix",
        "local_ip: 10.0.0.256/8|local_ip: \"10.0.0.256/8\" (expected",
        "peer_ip: router.example/24|peer_ip: \"router.example/24\" (expected",
        "peer_ip: 'fe80::1/129'|peer_ip: \"fe80::1/129\" (expected",
        "mtu: 67|mtu: 67 (expected: a number, 68..65535)",
        "mtu: '1500'|mtu: \"1500\" (expected",
        "kind: gre|kind: \"gre\" (expected: grpc, veth, vxlan, patch or macvlan)",
        "peer_inft: eth1|unknown key peer_inft (expected: [uid, peer_pod, local_intf,",
      })
  void shouldRefuseAFieldAndNameItsValue(String field, String message) {
    String key = field.substring(0, field.indexOf(':'));
    String link = LINK.replaceAll(key + ": [a-z0-9]+(, )?", "").replace("{", "{" + field + ", ");

    assertThat(refused(topology("r1", link))).hasMessageContaining(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''|empty (expected: Topology objects)",
        "'---'|empty (expected: Topology objects)",
        "'a: [1'|f:1:6: not YAML: ",
        "'{\"a\": \t1,'|f:1:10: not JSON: ",
        "'{\"kind\": \"Topology\", \"kind\": \"Pod\"}'|Duplicate",
        "'a: 1'|f:1: kind: missing (expected: Topology",
        "'word'|f: \"word\" (expected: an object with a kind",
        "'{kind: Pod, metadata: {name: r1}}'|f: no Topology object",
        "'{kind: List, items: [{kind: List}]}'|f:1: items[0].kind: \"List\" (expected",
        "'{kind: Topology, spec: {links: []}}'|f:1: metadata: missing (expected",
        "'{kind: Topology, metadata: {}, spec: {links: []}}'|f:1: metadata.name: missing",
        "'{kind: Topology, metadata: {name: r1}}'|f:1: spec: missing (expected",
        "'{kind: Topology, metadata: {name: r1}, spec: {}}'|f:1: spec.links: missing (expected",
        "'{kind: Topology, apiVersion: other/v1, metadata: {name: r1}, spec: {links: []}}'"
            + "|f:1: apiVersion: \"other/v1\" (expected: networkop.co.uk/v1beta1)",
        "'{kind: StatefulSet, metadata: {name: s}, spec: {replicas: 1000000000}}'"
            + "|f:1: spec.replicas: 1000000000 (expected: a number, 0..10000)",
      })
  void shouldRefuseWhatIsNoTopology(String text, String message) {
    assertThat(refused(text)).hasMessageContaining(message);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{uid: 1, peer_pod: r3, local_intf: eth2, peer_intf: eth1}",
        "{uid: 1, peer_pod: r1, local_intf: eth2, peer_intf: eth3}"
      })
  void shouldRefuseAUidThatStandsTwice(String second) {
    assertThat(refused(topology("r1", LINK, second)))
        .hasMessage("f:1: spec.links[1].uid: 1 (expected: a number of its own; links[0] has it)");
  }

  @Test
  void shouldRefuseALoopThatIsNotItsReverse() {
    WeftException e =
        refused(
            topology(
                "r1",
                "{uid: 7, peer_pod: r1, local_intf: eth1, peer_intf: eth2}",
                "{uid: 7, peer_pod: r1, local_intf: eth3, peer_intf: eth1}",
                "{uid: 8, peer_pod: r1, local_intf: eth4, peer_intf: eth4}"));

    assertThat(e.getMessage().lines())
        .containsExactly(
            "f:1: spec.links[1].uid: 7 (expected: the reverse of links[0], once, in a loop to the"
                + " same pod)",
            "f:1: spec.links[2].peer_intf: \"eth4\" (expected: another interface than local_intf:"
                + " both are in one pod)");
  }

  @Test
  void shouldRefuseAnInterfaceThatStandsTwice() {
    String second = "{uid: 2, peer_pod: r3, local_intf: eth1, peer_intf: eth1}";

    assertThat(refused(topology("r1", LINK, second)))
        .hasMessage(
            "f:1: spec.links[1].local_intf: \"eth1\" (expected: an interface of its own; links[0]"
                + " has it)");
  }

  @Test
  void shouldRefuseTwoTopologiesOfOnePod() {
    assertThat(refused(topology("r1", LINK) + "---\n" + topology("r1", LINK)))
        .hasMessage("f:3: documents[1]: second Topology of pod default/r1; documents[0] is one");
  }

  @Test
  void shouldTellContradictionsAndKeepTheLinks() {
    TopologyFile file =
        TopologyFile.parse(
            topology("r1", LINK)
                + "---\n"
                + topology("r2", "{uid: 1, peer_pod: r1, local_intf: eth2, peer_intf: eth1}"),
            "f");

    assertThat(file.topologies()).hasSize(2);
    assertThat(file.contradictions())
        .containsExactly("r1 uid 1: peer_intf eth1, but r2 uid 1 has local_intf eth2");
  }

  @Test
  void shouldCapWhatItTells() {
    String links = "{uid: x}, ".repeat(100);

    assertThat(refused(topology("r1", links)).getMessage().lines())
        .hasSize(51)
        .last()
        .isEqualTo("and 350 more");
  }

  @Test
  void shouldAcceptTenThousandLinksQuickly() {
    String text =
        IntStream.range(0, 1000)
            .mapToObj(pod -> "---\n" + topology("r" + pod, links(pod, 10)))
            .collect(Collectors.joining());

    TopologyFile file =
        Assertions.assertTimeout(Duration.ofSeconds(10), () -> TopologyFile.parse(text, "f"));

    assertThat(file.topologies()).hasSize(1000);
    assertThat(file.contradictions()).hasSize(10_000);
  }

  @Test
  void shouldNameItsLimits() {
    String many =
        IntStream.rangeClosed(0, 10_000)
            .mapToObj(i -> "{kind: Topology, metadata: {name: r" + i + "}, spec: {links: []}}")
            .collect(Collectors.joining(",", "{kind: List, items: [", "]}"));
    String wide = topology("r1", links(0, 20_001));

    assertThat(refused(many)).hasMessage("f: 10001 Topology objects (expected: 10000 at most)");
    assertThat(refused(wide)).hasMessage("f: 20001 links (expected: 20000 at most)");
    assertThat(refused("#".repeat((4 << 20) + 1)))
        .hasMessage("f: larger than 4194304 bytes (expected: 4 MiB at most)");
  }

  @Test
  void shouldNotExpandAliasesWithoutBound() {
    String bomb =
        "a: &a [x, x, x, x, x, x, x, x, x]\n"
            + IntStream.rangeClosed('b', 'j')
                .mapToObj(
                    c -> {
                      String alias = "*" + (char) (c - 1);
                      return (char) c + ": &" + (char) c + " [" + (alias + ", ").repeat(9) + "]\n";
                    })
                .collect(Collectors.joining());

    assertThat(refused(bomb)).hasMessageContaining("not YAML");
    assertThat(refused("&a {kind: List, items: [*a]}")).hasMessageContaining("items[0].kind");
  }

  @Property(tries = 2000)
  void shouldEndInTopologiesOrInAFaultWhateverIsRead(@ForAll("fragments") String text) {
    try {
      assertThat(TopologyFile.parse(text, "f").topologies()).isNotEmpty();
    } catch (WeftException e) {
      assertThat(e.fault()).as(e.getMessage()).isEqualTo(Fault.INVALID);
    }
  }

  @Provide
  Arbitrary<String> fragments() {
    return Arbitraries.of(
            "{",
            "}",
            "[",
            "]",
            ": ",
            ", ",
            "\n",
            "- ",
            "\"",
            "'",
            "kind",
            "Topology",
            "List",
            "items",
            "spec",
            "links",
            "metadata",
            "name",
            "r1",
            "uid",
            "1",
            "!!int ",
            "!!set ",
            "!!timestamp ",
            "!!binary ",
            "!!float ",
            "!!omap ",
            "!!pairs ",
            "&a ",
            "*a",
            "<<",
            "---\n",
            "? ",
            "| ",
            "2001-01-01",
            "1:30",
            ".inf",
            "0x1",
            "\t",
            "\u0000",
            "\ud800",
            "null",
            "~")
        .list()
        .ofMaxSize(14)
        .map(parts -> String.join("", parts));
  }

  @Test
  void shouldTakeAddressesForTheSameThatAreWrittenDifferently() {
    String one = "local_intf: e, peer_intf: e, local_ip: '2001:db8::1/64', peer_ip: '::2/64'}";
    String two = "local_intf: e, peer_intf: e, local_ip: '0:0::2/64', peer_ip: '2001:DB8:0::1/64'}";

    TopologyFile file =
        TopologyFile.parse(
            topology("r1", "{uid: 1, peer_pod: r2, " + one)
                + "---\n"
                + topology("r2", "{uid: 1, peer_pod: r1, " + two),
            "f");

    assertThat(file.contradictions()).isEmpty();
  }

  private static String links(int pod, int count) {
    return IntStream.range(0, count)
        .mapToObj(
            i ->
                "{uid: "
                    + (pod * 100 + i)
                    + ", peer_pod: r"
                    + (pod + 1) % 1000
                    + ", local_intf: e"
                    + i
                    + ", peer_intf: f"
                    + i
                    + ", local_ip: 10.0.0.1/24, peer_ip: 10.0.0.2/24}")
        .collect(Collectors.joining(", "));
  }

  private static String topology(String name, String... links) {
    return "{kind: Topology, metadata: {name: "
        + name
        + "}, spec: {links: ["
        + String.join(", ", links)
        + "]}}\n";
  }

  private static WeftException refused(String text) {
    WeftException e =
        catchThrowableOfType(WeftException.class, () -> TopologyFile.parse(text, "f"));
    assertThat(e)
        .as("what was read of " + text.substring(0, Math.min(80, text.length())))
        .isNotNull();
    assertThat(e.fault()).isEqualTo(Fault.INVALID);
    return e;
  }

  private static TopologyFile sample(String name) {
    return TopologyFile.parse(resource(name), name);
  }

  static String resource(String name) {
    try (InputStream in = TopologyFileTest.class.getResourceAsStream("/topologies/" + name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
