package dev.weft.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** Programs in Go of {@code src/test/interop}, built with the packages of the distribution. */
public final class GoProgram {
  private GoProgram() {}

  /**
   * Builds a program.
   *
   * @param name its directory
   * @param to where the executable goes
   */
  public static Path build(String name, Path to) throws IOException, InterruptedException {
    Path program = to.resolve(name).toAbsolutePath();
    Path output = to.resolve(name + ".txt");
    ProcessBuilder go =
        new ProcessBuilder("go", "build", "-o", program.toString(), "./src/test/interop/" + name)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile());
    go.environment().put("GO111MODULE", "off");
    go.environment().put("GOPATH", Need.GO_PATH);
    go.environment().put("GOCACHE", Path.of("target/go-cache").toAbsolutePath().toString());
    Process build = go.start();
    assertThat(build.waitFor(5, TimeUnit.MINUTES)).isTrue();
    assertThat(build.exitValue()).as(Files.readString(output)).isZero();
    return program;
  }
}
