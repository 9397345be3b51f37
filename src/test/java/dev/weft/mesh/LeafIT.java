package dev.weft.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.identity.CertificateAuthority;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.ProcessCluster;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import javax.tools.ToolProvider;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The example program of the documentation, as nodes of the mesh of their own. */
@Needs({Need.ROOT, Need.IPROUTE2})
class LeafIT {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final String SOURCE = "docs/examples/LeafExample.java";

  @TempDir Path directory;

  /** The example as a process, and what it printed. */
  private static final class Program implements AutoCloseable {
    private final Process process;
    private final ConcurrentLinkedQueue<String> lines = new ConcurrentLinkedQueue<>();

    /**
     * Runs the example.
     *
     * @param what a class path, and a class on it or a source file
     */
    Program(List<String> what, List<String> arguments) throws IOException {
      List<String> command =
          new ArrayList<>(
              List.of(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-XX:TieredStopAtLevel=1",
                  "-cp"));
      command.addAll(what);
      command.addAll(arguments);
      process = new ProcessBuilder(command).redirectError(new File("/dev/null")).start();
      Thread reader = new Thread(this::read, "leaf-output");
      reader.setDaemon(true);
      reader.start();
    }

    private void read() {
      try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
        out.lines().forEach(lines::add);
      } catch (IOException e) {
        lines.add(e.toString());
      }
    }

    String await(String start) {
      return Awaitility.await(start)
          .atMost(SOON)
          .failFast(() -> assertThat(process.isAlive()).as("alive; it wrote %s", lines).isTrue())
          .until(
              () -> lines.stream().filter(line -> line.startsWith(start)).findFirst().orElse(null),
              line -> line != null);
    }

    @Override
    public void close() throws Exception {
      // The program ends with its standard input.
      process.getOutputStream().close();
      assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).isZero();
    }
  }

  @Test
  void shouldTalkThroughANodeAndToANodeBeyond() throws Exception {
    try (ProcessCluster nodes =
        ProcessCluster.startApart(
            directory,
            2,
            number ->
                """
                mesh:
                  listen: [ "udp://%s:7654", "unix:%s" ]
                  links: [ %s ]
                """
                    .formatted(
                        ProcessCluster.addressOf(number),
                        socket(number),
                        number == 1
                            ? "{ to: \"udp://" + ProcessCluster.addressOf(2) + "\" }"
                            : ""))) {
      String jar = System.getProperty("weft.jar");
      // As the documentation says; the others without the compiler.
      try (Program far = leaf(List.of(jar, SOURCE), 2, "far", List.of())) {
        List<String> compiled = List.of(jar + File.pathSeparator + compile(jar), "LeafExample");
        String farId = far.await("leaf ").substring(5);
        try (Program near = leaf(compiled, 1, "near", List.of())) {
          String nearId = near.await("leaf ").substring(5);

          try (Program asking = leaf(compiled, 1, "asking", List.of(nearId, "neighbour?"))) {
            String askingId = asking.await("leaf ").substring(5);
            assertThat(asking.await("hop 1 ")).contains(nodes.id(1));
            assertThat(asking.await("hop 2 ")).contains(nearId);
            assertThat(near.await(askingId)).isEqualTo(askingId + " says neighbour?");
            asking.await(nearId + " says re: neighbour?");
          }
          try (Program asking = leaf(compiled, 1, "asking", List.of(farId, "far one?"))) {
            assertThat(asking.await("hop 1 ")).contains(nodes.id(1));
            assertThat(asking.await("hop 2 ")).contains(nodes.id(2));
            assertThat(asking.await("hop 3 ")).contains(farId);
            asking.await(farId + " says re: far one?");
            asking.await("channel: re: far one?");
          }
          try (Program asking = leaf(compiled, 1, "asking", List.of(nodes.id(2), "node?"))) {
            assertThat(asking.await("hop 2 ")).contains(nodes.id(2));
            assertThat(asking.await("no channel: ")).contains("service: example (expected:");
          }
        }
      }
    }
  }

  private Path compile(String jar) {
    Path classes = directory.resolve("classes");
    int result =
        ToolProvider.getSystemJavaCompiler()
            .run(null, null, null, "-cp", jar, "-d", classes.toString(), SOURCE);
    assertThat(result).isZero();
    return classes;
  }

  private Program leaf(List<String> what, int number, String name, List<String> more)
      throws IOException {
    CertificateAuthority ca = CertificateAuthority.load(directory.resolve("ca"), Clock.systemUTC());
    Path files = directory.resolve(name);
    ca.issueNode(files, name, List.of(), 30);
    List<String> arguments = new ArrayList<>();
    arguments.addAll(List.of(socket(number).toString(), files.toString(), name));
    arguments.addAll(more);
    return new Program(what, arguments);
  }

  private Path socket(int number) {
    return directory.resolve("mesh" + number + ".sock");
  }
}
