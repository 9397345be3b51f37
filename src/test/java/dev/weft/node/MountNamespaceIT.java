package dev.weft.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.linux.LinuxException;
import dev.weft.linux.Netns;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.TestNetns;
import dev.weft.testkit.WeftProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A node in a mount namespace of its own: what is to outlive it does. */
@Needs({Need.ROOT, Need.IPROUTE2})
class MountNamespaceIT {
  private static final Pattern READY = Pattern.compile("weft: node \\S+ \\((\\p{XDigit}{16})\\)");
  private static final String NOT_KEPT = "wires.on-stop: keep does not hold here";

  /** A user without rights of its own. */
  private static final int NOBODY = 65534;

  @TempDir Path directory;

  /** As on a host, where ip-netns(8) was used before; it makes /run/netns shared. */
  @AutoClose private final TestNetns host = TestNetns.create("host");

  private String node = "";

  @AfterEach
  void deleteItsNamespace() throws IOException {
    Netns.deleteIfExists("weft-" + node);
  }

  @Test
  void shouldKeepWiresEndsWhenKilledInAMountNamespaceThatHearsOfTheHosts() throws Exception {
    List<String> unshare = List.of("unshare", "--mount", "--propagation", "slave");
    String conf = configuration("keep");
    try (WeftProcess process = start(unshare, conf)) {
      long before = Netns.cookieOf("weft-" + node);

      process.kill();

      assertThat(process.err()).doesNotContain(NOT_KEPT);
      assertThat(Netns.cookieOf("weft-" + node)).isEqualTo(before);

      // One that is to remove them finds them, and takes them away for the host too.
      try (WeftProcess next = start(unshare, configuration("remove"))) {
        assertThat(Netns.cookieOf("weft-" + node)).isEqualTo(before);

        next.stop();

        assertThat(Netns.list()).doesNotContain("weft-" + node);
      }
    }
  }

  @Test
  void shouldKeepThemWhenStartedByIpNetnsExec() throws Exception {
    try (WeftProcess process =
        start(List.of("ip", "netns", "exec", host.name()), configuration("keep"))) {
      long before = Netns.cookieOf("weft-" + node);

      process.kill();

      assertThat(process.err()).doesNotContain(NOT_KEPT);
      assertThat(Netns.cookieOf("weft-" + node)).isEqualTo(before);
    }
  }

  @Test
  void shouldKeepThemWhenStoppedInTheSandboxOfTheShippedUnit() throws Exception {
    String conf = configuration("keep");
    Files.setAttribute(directory, "unix:uid", NOBODY);
    try (WeftProcess process = start(sandbox(), conf)) {
      long before = Netns.cookieOf("weft-" + node);

      int exit = process.stop();

      assertThat(exit).as(process.err()).isZero();
      assertThat(process.err()).doesNotContain(NOT_KEPT, "lacks CAP_");
      assertThat(Netns.cookieOf("weft-" + node)).isEqualTo(before);
    }
  }

  @Test
  void shouldSayAtTheStartThatTheyGoWithItWhereTheHostDoesNotHearOfThem() throws Exception {
    List<String> unshare = List.of("unshare", "--mount", "--propagation", "private");
    try (WeftProcess process = start(unshare, configuration("keep"))) {
      assertThat(process.err())
          .contains(NOT_KEPT + ", wires' ends go with this process: this process has a mount");
      assertThatThrownBy(() -> Netns.cookieOf("weft-" + node)).isInstanceOf(LinuxException.class);
      process.kill();
    }
  }

  @Test
  @Needs(Need.SYSTEMD_ANALYZE)
  void shouldShipAUnitThatSystemdTakes() throws Exception {
    String said = host.run("systemd-analyze", "verify", "deploy/weft.service");

    assertThat(said).isEmpty();
  }

  @Test
  @Needs(Need.SYSTEMD_ANALYZE)
  void shouldShipTheUserAndTheDirectoriesThatTheUnitNeeds() throws Exception {
    Path root = directory.resolve("root");
    Files.createDirectories(root.resolve("etc"));

    host.run(
        "systemd-sysusers",
        "--root=" + root,
        Path.of("deploy/weft.sysusers").toAbsolutePath().toString());
    host.run(
        "systemd-tmpfiles",
        "--root=" + root,
        "--create",
        Path.of("deploy/weft.tmpfiles").toAbsolutePath().toString());

    assertThat(Files.readString(root.resolve("etc/passwd"))).contains("weft:", ":/var/lib/weft:");
    assertThat(root.resolve("etc/weft")).isDirectory();
    assertThat(root.resolve("var/lib/networkservicemesh")).isDirectory();
  }

  /**
   * What systemd makes of {@code User=}, {@code ProtectSystem=full} and the capabilities of
   * deploy/weft.service, without {@code ProtectHome=}, under which a build may lie.
   */
  private static List<String> sandbox() throws IOException {
    String unit = Files.readString(Path.of("deploy/weft.service"));
    assertThat(unit).contains("\nProtectSystem=full\n");
    String capabilities = capabilities(unit, "CapabilityBoundingSet");
    return List.of(
        "unshare",
        "--mount",
        "--propagation",
        "slave",
        "sh",
        "-c",
        "for d in /usr /boot /etc; do mount --bind $d $d && mount -o remount,bind,ro $d || exit;"
            + " done;"
            + " exec setpriv --reuid=%d --regid=%d --clear-groups --inh-caps=%s --ambient-caps=%s"
                .formatted(
                    NOBODY,
                    NOBODY,
                    "-all," + capabilities,
                    capabilities(unit, "AmbientCapabilities"))
            + " --bounding-set=-all,"
            + capabilities
            + " \"$@\"",
        "sandbox");
  }

  /** As setpriv(1) wants them. */
  private static String capabilities(String unit, String key) {
    Matcher line = Pattern.compile("(?m)^" + key + "=(.*)$").matcher(unit);
    assertThat(line.find()).as(key).isTrue();
    return Arrays.stream(line.group(1).split(" ", -1))
        .map(name -> "+" + name.toLowerCase(Locale.ROOT).replaceFirst("^cap_", ""))
        .collect(Collectors.joining(","));
  }

  private WeftProcess start(List<String> wrapper, String conf) throws Exception {
    WeftProcess process = WeftProcess.start(directory, wrapper, "run", "--conf", conf);
    node = process.awaitLine(READY).group(1);
    return process;
  }

  private String configuration(String onStop) throws IOException {
    return Files.writeString(
            directory.resolve("weft.yaml"),
            """
            node: { name: alone, data: %1$s/data }
            cluster: { port: 0 }
            grpc: { port: 0 }
            http: { port: 0 }
            wires: { on-stop: %2$s }
            subnets: { overlay: "", runtime: "", on-stop: remove }
            nsm: { sockets: %1$s/nsm }
            """
                .formatted(directory, onStop))
        .toString();
  }
}
