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

/** The script {@code weft}, beside a jar that is built, on hosts without the Java that it needs. */
final class LauncherIT {
  @TempDir Path home;
  private Path bin;

  @BeforeEach
  void install() throws IOException {
    Files.copy(Path.of("weft"), home.resolve("weft"));
    Files.createFile(home.resolve("pom.xml"));
    Files.createDirectories(home.resolve("src/main"));
    bin = Files.createDirectories(home.resolve("bin"));
    for (String tool : List.of("dirname", "readlink", "sed", "find")) {
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

  private void program(String name, String line) throws IOException {
    Path file = Files.writeString(bin.resolve(name), "#!/bin/sh\n" + line + "\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  /** What the script says before it ends with 2, leaving nothing behind. */
  private String refused(Map<String, String> environment) throws Exception {
    ProcessBuilder script =
        new ProcessBuilder("/bin/sh", home.resolve("weft").toString(), "version")
            .redirectErrorStream(true);
    script.environment().clear();
    script.environment().put("PATH", bin.toString());
    script.environment().putAll(environment);
    Process process = script.start();
    String said = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor()).as(said).isEqualTo(2);
    assertThat(home.resolve("target")).doesNotExist();
    return said;
  }
}
