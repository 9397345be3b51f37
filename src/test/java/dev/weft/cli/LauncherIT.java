package dev.weft.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The script {@code weft}, where Java is a script too, or none. */
final class LauncherIT {
  @TempDir Path home;
  private Path bin;

  @BeforeEach
  void install() throws IOException {
    Files.copy(Path.of("weft"), home.resolve("weft"));
    Files.createFile(home.resolve("pom.xml"));
    Files.createDirectories(home.resolve("src/main"));
    bin = Files.createDirectories(home.resolve("bin"));
    for (String tool :
        List.of("dirname", "readlink", "sed", "find", "mktemp", "touch", "mv", "rm")) {
      program(tool, "PATH=/usr/bin:/bin exec " + tool + " \"$@\"");
    }
  }

  @Test
  void shouldSayThatThereIsNoJava() throws Exception {
    assertThat(refused(Map.of()))
        .isEqualTo(
            "weft: no java in PATH (expected: 17 or later; on Debian: apt-get install"
                + " default-jdk-headless)\n");
  }

  @Test
  void shouldNameAJavaHomeThatIsNone() throws Exception {
    assertThat(refused(Map.of("JAVA_HOME", "/nowhere")))
        .startsWith("weft: JAVA_HOME: /nowhere has no bin/java (expected:")
        .hasLineCount(1);
  }

  @Test
  void shouldRefuseAnOldJava() throws Exception {
    program("java", "echo '    java.version = 11.0.2' >&2");

    assertThat(refused(Map.of())).isEqualTo("weft: java is Java 11.0.2 (expected: 17 or later)\n");
  }

  @Test
  void shouldSayThatNothingCanBuildTheJar() throws Exception {
    program("java", "echo '    java.version = 17.0.2' >&2");

    assertThat(refused(Map.of()))
        .startsWith("weft: target/weft.jar is missing or older than its sources, and there is no")
        .hasLineCount(1);
  }

  @ParameterizedTest
  @CsvSource({
    "17.0.2, *-Xshare:dump*, -XX:SharedArchiveFile, -XX:SharedArchiveFile, jsa",
    "25.0.3, *--trial*, -XX:AOTCacheOutput, -XX:AOTCache, aot"
  })
  void shouldStartQuickerAsItsJavaCan(
      String version, String making, String make, String use, String suffix) throws Exception {
    Files.createFile(Files.createDirectories(home.resolve("target")).resolve("weft.jar"));
    program(
        "java",
        """
        case "$*" in
          *-XshowSettings*) echo '    java.version = %s' >&2 ;;
          %s) for a; do case $a in %s=*) echo classes >"${a#*=}" ;; esac; done ;;
          *--trial*) ;;
          *) echo "$*" ;;
        esac\
        """
            .formatted(version, making, make));

    Process process = script(Map.of()).start();

    assertThat(new String(process.getInputStream().readAllBytes(), UTF_8))
        .startsWith("weft: preparing quicker starts, once for this build ...\n")
        .contains(" %s=%s/target/weft-%s.%s ".formatted(use, home, version, suffix))
        .endsWith("/target/weft.jar version\n");
    assertThat(process.waitFor()).isZero();
  }

  private void program(String name, String line) throws IOException {
    Path file = Files.writeString(bin.resolve(name), "#!/bin/sh\n" + line + "\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  /** What the script says before it ends with 2, leaving nothing behind. */
  private String refused(Map<String, String> environment) throws Exception {
    Process process = script(environment).start();
    String said = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor()).as(said).isEqualTo(2);
    assertThat(home.resolve("target")).doesNotExist();
    return said;
  }

  private ProcessBuilder script(Map<String, String> environment) {
    ProcessBuilder script =
        new ProcessBuilder("/bin/sh", home.resolve("weft").toString(), "version")
            .redirectErrorStream(true);
    script.environment().clear();
    script.environment().put("PATH", bin.toString());
    script.environment().putAll(environment);
    return script;
  }
}
