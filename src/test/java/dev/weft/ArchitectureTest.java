package dev.weft;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
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
  /** Which rooms each room may know; a room that is not named here fails the test. */
  private static final Map<String, List<String>> MAY_KNOW =
      Map.ofEntries(
          Map.entry("linux", List.of()),
          Map.entry("config", List.of()),
          Map.entry("bus", List.of()),
          Map.entry("telemetry", List.of("bus", "config")),
          Map.entry("store", List.of("bus")),
          Map.entry("identity", List.of("bus", "config")),
          Map.entry("cluster", List.of("identity", "store", "telemetry", "bus", "config")),
          Map.entry("dial", List.of("cluster", "identity", "bus", "config", "linux")),
          Map.entry("pod", List.of("cluster", "store", "telemetry", "bus", "linux")),
          Map.entry(
              "wire",
              List.of("pod", "dial", "cluster", "store", "telemetry", "bus", "config", "linux")),
          Map.entry(
              "subnet",
              List.of("pod", "dial", "cluster", "store", "telemetry", "bus", "config", "linux")),
          Map.entry("topology", List.of("wire", "pod", "cluster", "bus", "linux")),
          Map.entry(
              "nsm",
              List.of(
                  "wire",
                  "pod",
                  "dial",
                  "cluster",
                  "store",
                  "telemetry",
                  "bus",
                  "config",
                  "linux")),
          Map.entry(
              "api",
              List.of(
                  "topology",
                  "subnet",
                  "nsm",
                  "wire",
                  "pod",
                  "cluster",
                  "telemetry",
                  "bus",
                  "config",
                  "linux")),
          Map.entry(
              "node",
              List.of(
                  "api",
                  "topology",
                  "subnet",
                  "nsm",
                  "wire",
                  "pod",
                  "dial",
                  "cluster",
                  "identity",
                  "store",
                  "telemetry",
                  "bus",
                  "config")),
          Map.entry(
              "cli",
              List.of(
                  "node",
                  "api",
                  "topology",
                  "subnet",
                  "nsm",
                  "dial",
                  "wire",
                  "pod",
                  "cluster",
                  "identity",
                  "telemetry",
                  "bus",
                  "config",
                  "linux")));

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
  void shouldCallNativeCodeInLinuxOnly() {
    onlyIn("linux", "jnr..");
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
        .haveSimpleName("VnetCheck")
        .or()
        .haveSimpleName("AddressPool")
        .or()
        .haveFullyQualifiedName("dev.weft.nsm.Names")
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
                "sun.misc..",
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
