package dev.weft.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.TestNetns;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Needs({Need.ROOT, Need.IPROUTE2})
class NetnsIT {
  @AutoClose final TestNetns a = TestNetns.create("a");

  @Test
  void shouldBeSeenByIpNetns() throws Exception {
    // When
    String list = ip("netns", "list");

    // Then
    assertThat(list.lines().map(line -> line.split(" ", 2)[0])).contains(a.name());
    assertThat(a.run("ip", "-brief", "link", "show", "lo")).contains("UP");
  }

  @Test
  void shouldOpenAndDeleteWhatIpNetnsMade() throws Exception {
    // Given
    String name = a.name() + "-ip";
    ip("netns", "add", name);

    // When
    try (Netns opened = Netns.open(name)) {
      assertThat(opened.inode()).isEqualTo(Netns.inodeOf("/run/netns/" + name));
    }
    Netns.delete(name);

    // Then
    assertThat(ip("netns", "list")).doesNotContain(name);
    assertThat(Netns.deleteIfExists(name)).isFalse();
  }

  @Test
  void shouldRunABodyInsideAndLeaveTheCallerWhereItWas() throws Exception {
    // Given
    long before = inodeOfCurrent();

    try (Netns netns = a.open()) {
      // When
      long inside = netns.call(NetnsIT::inodeOfCurrent);

      // Then
      assertThat(inside).isEqualTo(netns.inode()).isNotEqualTo(before);
      assertThat(inodeOfCurrent()).isEqualTo(before);
    }
  }

  @Test
  void shouldGiveTheBodysOwnException() throws Exception {
    try (Netns netns = a.open()) {
      assertThatThrownBy(
              () ->
                  netns.call(
                      () -> {
                        throw new java.io.FileNotFoundException("mine");
                      }))
          .isInstanceOf(java.io.FileNotFoundException.class)
          .hasMessage("mine");
    }
  }

  @Test
  void shouldTellAReplacedNamespaceByItsCookie() throws Exception {
    // Given
    String name = a.name() + "-r";
    Netns.create(name);
    long first = Netns.cookieOf(name);
    Netns.delete(name);

    // When
    Netns.create(name);
    long second = Netns.cookieOf(name);
    Netns.delete(name);

    // Then
    assertThat(second).isNotEqualTo(first);
  }

  @Test
  void shouldOpenTheNamespaceOfAProcess() throws Exception {
    long pid = ProcessHandle.current().pid();

    assertThat(Netns.inodeOf("pid:" + pid)).isEqualTo(inodeOfCurrent());
  }

  @Test
  void shouldSayWhatIsMissing() {
    assertThatThrownBy(() -> Netns.open("wt-none"))
        .isInstanceOf(LinuxException.class)
        .hasMessage(
            "netns: /run/netns/wt-none (expected: an existing network namespace):"
                + " No such file or directory (ENOENT)")
        .extracting(e -> ((LinuxException) e).errnoName())
        .isEqualTo("ENOENT");
  }

  @Test
  void shouldRefuseWhatIsNoNetworkNamespace(@TempDir java.nio.file.Path directory)
      throws Exception {
    java.nio.file.Path file = java.nio.file.Files.createFile(directory.resolve("file"));

    for (String ref : List.of(file.toString(), "/proc/self/ns/mnt", "/dev/null")) {
      assertThatThrownBy(() -> Netns.open(ref))
          .hasMessage(
              "netns: "
                  + ref
                  + " (expected: an existing network namespace): Invalid argument (EINVAL)");
    }
  }

  @Test
  void shouldRefuseNamesThatLeaveTheDirectory() {
    for (String ref : List.of("", "..", "a/b", "pid:x")) {
      assertThatThrownBy(() -> Netns.open(ref))
          .hasMessageStartingWith("netns: " + ref + " (expected: a path, a name under /run/netns");
    }
  }

  @Test
  void shouldNotCreateANameTwice() {
    assertThatThrownBy(() -> Netns.create(a.name()))
        .hasMessage("create netns " + a.name() + ": File exists (EEXIST)");
  }

  private static long inodeOfCurrent() throws Exception {
    try (Netns current = Netns.current()) {
      return current.inode();
    }
  }

  private static String ip(String... arguments) throws Exception {
    List<String> command = new java.util.ArrayList<>(List.of("ip"));
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    return output;
  }
}
