package dev.weft.testkit;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.bus.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A gRPC server and clients in Python, which know nothing of Weft: {@code grpc_client.py}. */
public final class GrpcPrograms implements AutoCloseable {
  private static final Path PROGRAMS = Path.of("src/test/resources/proxy").toAbsolutePath();
  private static final Duration SOON = Duration.ofSeconds(60);

  private final Path directory;
  private final List<Process> servers = new ArrayList<>();

  /**
   * Starts nothing.
   *
   * @param directory where the programs' output goes
   */
  public GrpcPrograms(Path directory) {
    this.directory = directory;
  }

  /** Starts a server and waits until it listens. */
  public void serve(TestNetns where, String address) throws IOException {
    Path output = Files.createTempFile(directory, "server", ".txt");
    String program = PROGRAMS.resolve("grpc_server.py").toString();
    servers.add(where.start(output.toFile(), Need.PYTHON, program, address));
    await("gRPC server").atMost(SOON).until(() -> Files.readString(output).contains("listening"));
  }

  /**
   * Runs a client to its end, at most ten minutes.
   *
   * @param proxy the value of grpc_proxy; empty for none
   * @param more what to do, and how much of it
   * @return what it printed
   */
  public JsonNode call(TestNetns where, String proxy, String target, String... more)
      throws IOException, InterruptedException {
    Path output = Files.createTempFile(directory, "client", ".txt");
    Process client = where.start(output.toFile(), client(proxy, target, more));
    boolean ended = client.waitFor(10, TimeUnit.MINUTES);
    String text = Files.readString(output);
    if (!ended || client.exitValue() != 0) {
      throw new AssertionError("gRPC client, " + String.join(" ", more) + ": " + text);
    }
    return Json.mapper().readTree(text);
  }

  private static String[] client(String proxy, String target, String... more) {
    List<String> command = new ArrayList<>(List.of("env", "grpc_proxy=" + proxy, Need.PYTHON));
    command.add(PROGRAMS.resolve("grpc_client.py").toString());
    command.add(target);
    command.addAll(Arrays.asList(more));
    return command.toArray(String[]::new);
  }

  /** Starts a duplex call with numbered messages, and waits for the first to come back. */
  public Beat beat(TestNetns where, String proxy, String target, int millis) throws IOException {
    Path output = Files.createTempFile(directory, "beat", ".txt");
    String every = Integer.toString(millis);
    Beat beat =
        new Beat(where.start(output.toFile(), client(proxy, target, "beat", every)), output);
    await("first message").atMost(SOON).until(() -> beat.text().contains("beating"));
    return beat;
  }

  /** A duplex call that runs. */
  public static final class Beat {
    private final Process process;
    private final Path output;

    private Beat(Process process, Path output) {
      this.process = process;
      this.output = output;
    }

    String text() throws IOException {
      return Files.readString(output);
    }

    /** Ends the call in order; messages sent and received, and the longest gap between two. */
    public JsonNode end() throws IOException, InterruptedException {
      process.getOutputStream().close();
      if (!process.waitFor(SOON.toSeconds(), TimeUnit.SECONDS) || process.exitValue() != 0) {
        throw new AssertionError("gRPC client that beats: " + text());
      }
      return Json.mapper().readTree(text().lines().reduce((first, last) -> last).orElseThrow());
    }
  }

  @Override
  public void close() {
    servers.forEach(server -> server.destroyForcibly().onExit().join());
  }
}
