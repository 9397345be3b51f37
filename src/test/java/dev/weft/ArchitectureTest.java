package dev.weft;

import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameStartingWith;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.mapping;
import static java.util.stream.Collectors.toList;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import dev.weft.linux.Netlink;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The house as ARCHITECTURE.md draws it. */
class ArchitectureTest {
  /** Values, words and messages: what every room may know. */
  private static final List<String> GROUND = List.of("address", "bus", "config", "linux");

  /** What rooms with an actor stand on. */
  private static final List<String> ROOM =
      with(GROUND, "telemetry", "store", "cluster", "room", "net");

  /** Which rooms each room may know, from the ground up; one that is not named here fails. */
  private static final Map<String, List<String>> MAY_KNOW =
      Map.ofEntries(
          Map.entry("address", List.of()),
          Map.entry("bus", List.of()),
          Map.entry("linux", List.of("address")),
          Map.entry("config", List.of("address")),
          Map.entry("telemetry", List.of("bus", "config")),
          Map.entry("store", List.of("bus")),
          Map.entry("identity", List.of("address", "bus", "config")),
          Map.entry("net", GROUND),
          Map.entry("rpc", with(GROUND, "identity")),
          Map.entry(
              "cluster", List.of("identity", "store", "telemetry", "bus", "config", "address")),
          Map.entry("room", List.of("cluster", "store", "telemetry", "bus")),
          Map.entry("reach", with(GROUND, "rpc", "identity", "telemetry")),
          Map.entry(
              "mesh",
              with(GROUND, "reach", "rpc", "identity", "room", "cluster", "telemetry", "store")),
          Map.entry("dial", with(GROUND, "rpc", "cluster", "identity", "room", "reach")),
          Map.entry("proxy", with(ROOM, "dial", "mesh", "reach", "rpc", "identity")),
          Map.entry("pod", ROOM),
          Map.entry("wire", with(ROOM, "pod", "dial", "rpc")),
          Map.entry("subnet", with(ROOM, "wire", "pod", "dial", "rpc")),
          Map.entry("topology", with(ROOM, "wire", "pod")),
          Map.entry("nsm", with(ROOM, "wire", "pod", "dial", "rpc")),
          Map.entry(
              "api",
              with(ROOM, "rpc", "topology", "subnet", "nsm", "wire", "pod", "mesh", "proxy")),
          Map.entry(
              "node",
              with(
                  ROOM,
                  "api",
                  "topology",
                  "subnet",
                  "nsm",
                  "wire",
                  "pod",
                  "proxy",
                  "dial",
                  "mesh",
                  "reach",
                  "rpc",
                  "identity")),
          Map.entry(
              "cli",
              with(
                  ROOM,
                  "node",
                  "api",
                  "topology",
                  "subnet",
                  "nsm",
                  "proxy",
                  "dial",
                  "mesh",
                  "reach",
                  "rpc",
                  "wire",
                  "pod",
                  "identity")));

  private static List<String> with(List<String> base, String... more) {
    return Stream.concat(base.stream(), Stream.of(more)).toList();
  }

  private static JavaClasses weft;

  @BeforeAll
  static void read() {
    weft =
        new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("dev.weft");
  }

  @Test
  void shouldHaveNoCycles() {
    slices().matching("dev.weft.(*)..").should().beFreeOfCycles().check(weft);
  }

  @Test
  void shouldLayerNetworkServices() {
    List<String> fromTheTop = List.of("client", "peer", "endpoint", "connection");
    for (int i = 1; i < fromTheTop.size(); i++) {
      noClasses()
          .that()
          .resideInAPackage("dev.weft.nsm." + fromTheTop.get(i))
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              fromTheTop.subList(0, i).stream().map("dev.weft.nsm."::concat).toArray(String[]::new))
          .check(weft);
    }
  }

  @Test
  void shouldLayerWires() {
    slices().matching("dev.weft.wire.(*)..").should().beFreeOfCycles().check(weft);
    Map.of(
            "dev.weft.wire", List.of("meshnet", "control", "path", "kernel"),
            "dev.weft.wire.control", List.of("meshnet"),
            "dev.weft.wire.path..", List.of("meshnet", "control", "kernel"),
            "dev.weft.wire.kernel", List.of("meshnet", "control", "path"))
        .forEach(
            (below, above) ->
                noClasses()
                    .that()
                    .resideInAPackage(below)
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(
                        above.stream().map("dev.weft.wire."::concat).toArray(String[]::new))
                    .check(weft));
  }

  @Test
  void shouldLayerMesh() {
    List<String> fromTheTop =
        List.of(
            "dev.weft.mesh",
            "dev.weft.mesh.gate",
            "dev.weft.mesh.peer",
            "dev.weft.mesh.stream",
            "dev.weft.mesh.link.kind",
            "dev.weft.mesh.link",
            "dev.weft.mesh.route");
    for (int i = 1; i < fromTheTop.size(); i++) {
      noClasses()
          .that()
          .resideInAPackage(fromTheTop.get(i))
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(fromTheTop.subList(0, i).toArray(String[]::new))
          .allowEmptyShould(true)
          .check(weft);
    }
  }

  @Test
  void shouldLayerProxies() {
    List<String> fromTheTop =
        List.of(
            "dev.weft.proxy",
            "dev.weft.proxy.forward",
            "dev.weft.proxy.reverse",
            "dev.weft.proxy.track",
            "dev.weft.proxy.quic",
            "dev.weft.proxy.utp",
            "dev.weft.proxy.carrier");
    for (int i = 1; i < fromTheTop.size(); i++) {
      noClasses()
          .that()
          .resideInAPackage(fromTheTop.get(i))
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(fromTheTop.subList(0, i).toArray(String[]::new))
          .allowEmptyShould(true)
          .check(weft);
    }
  }

  /** uTP serves the proxies by the carriers' interface, and knows nothing else of them. */
  @Test
  void shouldLayerUtp() {
    noClasses()
        .that()
        .resideInAPackage("dev.weft.proxy.utp..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("dev.weft.proxy", "dev.weft.dial..", "dev.weft.mesh..")
        .check(weft);
    noClasses()
        .that()
        .resideInAPackage("dev.weft.proxy.utp.machine")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("dev.weft.proxy.utp", "dev.weft.proxy.carrier")
        .check(weft);
  }

  @TestFactory
  Stream<DynamicTest> shouldKnowOnlyRoomsBelow() {
    return MAY_KNOW.entrySet().stream()
        .map(
            room ->
                DynamicTest.dynamicTest(
                    room.getKey(),
                    () ->
                        classes()
                            .that()
                            .resideInAPackage(packageOf(room.getKey()))
                            .should()
                            .onlyDependOnClassesThat()
                            .resideInAnyPackage(allowed(room.getKey(), room.getValue()))
                            .orShould()
                            .onlyDependOnClassesThat()
                            .resideOutsideOfPackage("dev.weft..")
                            .allowEmptyShould(true)
                            .check(weft)));
  }

  @Test
  void shouldKnowEveryRoom() throws IOException {
    try (Stream<Path> rooms = Files.list(Path.of("src/main/java/dev/weft"))) {
      assertThat(rooms.filter(Files::isDirectory).map(r -> r.getFileName().toString()))
          .containsExactlyInAnyOrderElementsOf(MAY_KNOW.keySet());
    }
  }

  @Test
  void shouldCallNoTwoClassesTheSame() {
    Map<String, List<String>> byName =
        weft.stream()
            .filter(c -> c.isTopLevelClass() && !c.getPackageName().endsWith(".proto"))
            .filter(c -> !c.getSimpleName().equals("package-info"))
            .collect(groupingBy(JavaClass::getSimpleName, mapping(JavaClass::getName, toList())));

    assertThat(byName.values()).allSatisfy(classes -> assertThat(classes).hasSize(1));
  }

  @Test
  void shouldCallNativeCodeInLinuxOnly() {
    onlyIn("linux", "jnr..");
  }

  /** What Vert.x may change without notice stands behind one fence; the event bus has a gate. */
  @Test
  void shouldUseInternalsOfVertxInRpcOnly() {
    noClasses()
        .that()
        .resideInAPackage("dev.weft..")
        .and()
        .resideOutsideOfPackage(packageOf("rpc"))
        .and()
        .doNotHaveFullyQualifiedName("dev.weft.cluster.EventBusTls")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "io.vertx.core.internal..", "io.vertx.core..impl..", "io.netty.handler.codec.http2..")
        .check(weft);
  }

  /** Above the ways to nodes there are calls and streams. */
  @Test
  void shouldKnowNoHttpAboveDial() {
    noClasses()
        .that()
        .resideInAnyPackage("dev.weft.wire..", "dev.weft.nsm..", "dev.weft.subnet..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("io.vertx.core.http..", "io.vertx.grpc..")
        .check(weft);
  }

  @Test
  void shouldCreateLinksInNetOnly() {
    noClasses()
        .that()
        .resideOutsideOfPackages(
            // The demo's switch and its cables are no node's links.
            packageOf("linux"), packageOf("net"), packageOf("cli.demo"))
        .should()
        .callMethodWhere(target(owner(type(Netlink.class))).and(target(nameStartingWith("create"))))
        .check(weft);
  }

  @Test
  void shouldUseHazelcastInClusterOnly() {
    onlyIn("cluster", "com.hazelcast..");
  }

  @Test
  void shouldUseJdbcInStoreOnly() {
    onlyIn("store", "java.sql..");
  }

  @Test
  void shouldHaveNoStaticMutableState() {
    fields()
        .that()
        .areStatic()
        .and()
        .areDeclaredInClassesThat()
        .resideOutsideOfPackage("..proto..")
        .should()
        .beFinal()
        .check(weft);
  }

  @Test
  void shouldKeepPureLogicPure() {
    noClasses()
        .that()
        .haveSimpleNameEndingWith("Planner")
        .or()
        .resideInAnyPackage("dev.weft.mesh.route", "dev.weft.proxy.utp.machine")
        .or()
        .haveSimpleName("VnetCheck")
        .or()
        .haveSimpleNameStartingWith("WireLife")
        .or()
        .haveSimpleName("AddressPool")
        .or()
        .haveSimpleName("Names")
        .or()
        .haveSimpleName("ConnectionLife")
        .or()
        .haveSimpleName("Envelope")
        .or()
        .haveSimpleName("TopologyFile")
        .or()
        .resideInAPackage(packageOf("config"))
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("io.vertx..", "io.netty..", "com.hazelcast..")
        .check(weft);
  }

  @TestFactory
  Stream<DynamicTest> shouldSayWhatEachRoomIsFor() {
    return MAY_KNOW.keySet().stream()
        .map(
            room ->
                DynamicTest.dynamicTest(
                    room,
                    () ->
                        assertThat(Path.of("src/main/java/dev/weft", room, "package-info.java"))
                            .exists()
                            .content()
                            .contains("/**")));
  }

  private static void onlyIn(String room, String library) {
    noClasses()
        .that()
        .resideInAPackage("dev.weft..")
        .and()
        .resideOutsideOfPackage(packageOf(room))
        .should()
        .dependOnClassesThat()
        .resideInAPackage(library)
        .check(weft);
  }

  private static String packageOf(String room) {
    return "dev.weft." + room + "..";
  }

  private static String[] allowed(String room, List<String> others) {
    return Stream.concat(
            Stream.concat(Stream.of(room), others.stream()).map(ArchitectureTest::packageOf),
            Stream.of(
                "java..",
                "javax..",
                "io..",
                "com..",
                "jnr..",
                "org..",
                "ch..",
                "net..",
                "picocli.."))
        .toArray(String[]::new);
  }
}
