package dev.weft.testkit;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.bus.Json;
import dev.weft.cli.ApiClient;
import dev.weft.config.SecurityConfig;
import dev.weft.identity.CertificateAuthority;
import dev.weft.identity.Identity;
import dev.weft.identity.NodeId;
import dev.weft.linux.Netns;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;

/** A node as a process of its own in a namespace: what can be killed, stopped and started again. */
public final class NodeProcess implements AutoCloseable {
  private static final Duration READY_WITHIN = Duration.ofSeconds(60);

  private static final Duration UP_WITHIN = Duration.ofSeconds(15);

  private final Path home;
  private final TestNetns host;
  private final String id;
  private Process process;

  /** Null for the tests' own. */
  private Path jdk;

  private NodeProcess(Path home, TestNetns host, String id) {
    this.home = home;
    this.host = host;
    this.id = id;
  }

  /**
   * Writes the configuration of a node and its certificate, and starts nothing.
   *
   * @param home where its files go; the last part is the node's name
   * @param address what the certificate is for, beside the node's id
   * @param secure mutual TLS; false for {@code security.insecure}
   * @param more lines of weft.yaml: all but node, http, security and nsm
   */
  public static NodeProcess prepare(
      Path home,
      TestNetns host,
      CertificateAuthority ca,
      String address,
      boolean secure,
      String more)
      throws IOException {
    Files.createDirectories(home);
    String name = home.getFileName().toString();
    CertificateAuthority.Issued issued = ca.issueNode(home, name, List.of(address), 30);
    String security =
        secure
            ? "ca: %s, cert: %s, key: %s".formatted(issued.ca(), issued.cert(), issued.key())
            : "insecure: true";
    Files.writeString(
        home.resolve("weft.yaml"),
        """
        node: { name: %s, data: %s }
        http: { socket: %s }
        security: { %s }
        nsm: { sockets: %s }
        %s
        """
            .formatted(
                name,
                home.resolve("data"),
                home.resolve("http.sock"),
                security,
                home.resolve("nsm"),
                more));
    NodeId id = secure ? issued.info().nodeId().orElseThrow() : insecureId(home);
    return new NodeProcess(home, host, id.value());
  }

  /** Of the key that a node without a certificate makes itself. */
  private static NodeId insecureId(Path home) {
    SecurityConfig insecure =
        new SecurityConfig(Optional.empty(), Optional.empty(), Optional.empty(), true);
    return Identity.load(insecure, home.resolve("data"), Clock.systemUTC()).nodeId();
  }

  /** The JDK, by its home, that the process is started on from now on, compiled as in use. */
  public void jdk(Path home) {
    jdk = home;
  }

  /** Starts the process; it is not waited for. */
  public void start() throws Exception {
    start(Map.of());
  }

  /** As {@link #start()}, with variables besides in the process's environment. */
  public void start(Map<String, String> environment) throws Exception {
    Files.deleteIfExists(home.resolve("http.sock"));
    Path conf = home.resolve("weft.yaml");
    List<String> command = jdk == null ? WeftJvm.node(conf) : WeftJvm.node(jdk, conf);
    // Not by `ip netns exec`, whose mount namespace would hide the node's own network namespace
    // from the next process.
    try (Netns netns = host.open()) {
      ProcessBuilder builder =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.appendTo(home.resolve("node.log").toFile()));
      builder.environment().putAll(environment);
      process = netns.call(builder::start);
    }
  }

  public void awaitReady() {
    Awaitility.await("node " + name() + " ready")
        .atMost(READY_WITHIN)
        .pollInterval(Duration.ofMillis(50))
        .failFast(this::assertRunning)
        .until(() -> api().ready());
  }

  /** Fails with the exit code and the log if the process has ended. */
  public void assertRunning() {
    if (!process.isAlive()) {
      throw new AssertionError(
          "node " + name() + " ended with exit code " + process.exitValue() + ": " + log());
    }
  }

  /** SIGKILL, and waits until the process is gone. */
  public void kill() throws InterruptedException {
    process.toHandle().destroyForcibly();
    process.waitFor(10, TimeUnit.SECONDS);
  }

  /** SIGSTOP: the process stands still, and its connections stay open. */
  public void freeze() throws Exception {
    host.run("kill", "-STOP", String.valueOf(process.pid()));
  }

  /** SIGCONT. */
  public void thaw() throws Exception {
    host.run("kill", "-CONT", String.valueOf(process.pid()));
  }

  /** SIGTERM, and waits for the end; its exit code. */
  public int stop() throws InterruptedException {
    process.toHandle().destroy();
    if (!process.waitFor(30, TimeUnit.SECONDS)) {
      throw new AssertionError("node " + name() + " does not stop: " + log());
    }
    return process.exitValue();
  }

  /** The process that was started last; null if none was. */
  public Process process() {
    return process;
  }

  public boolean isRunning() {
    return process != null && process.isAlive();
  }

  public String id() {
    return id;
  }

  public String name() {
    return home.getFileName().toString();
  }

  public TestNetns host() {
    return host;
  }

  /** Directory of the configuration, key and log. */
  public Path home() {
    return home;
  }

  public ApiClient api() {
    return ApiClient.of("unix:" + home.resolve("http.sock"), null);
  }

  /** A value of /metrics, of the line that begins so. */
  public long metric(String begin) throws IOException {
    StringBuilder text = new StringBuilder();
    try (SocketChannel channel =
        SocketChannel.open(UnixDomainSocketAddress.of(home.resolve("http.sock")))) {
      channel.write(
          ByteBuffer.wrap(
              "GET /metrics HTTP/1.0\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.UTF_8)));
      ByteBuffer in = ByteBuffer.allocate(1 << 16);
      while (channel.read(in.clear()) >= 0) {
        text.append(StandardCharsets.UTF_8.decode(in.flip()));
      }
    }
    return text.toString()
        .lines()
        .filter(line -> line.startsWith(begin))
        .mapToLong(line -> (long) Double.parseDouble(line.substring(line.lastIndexOf(' '))))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no line in /metrics begins with " + begin));
  }

  /** Registers a pod in a namespace. */
  public void pod(String name, TestNetns netns) {
    api()
        .send(
            "PUT",
            "/api/v1/pods/default/" + name,
            "application/json",
            Json.write(Json.mapper().createObjectNode().put("netns", netns.name())));
  }

  /**
   * Makes a link between a pod here and one of another node, and waits until it is up at both; the
   * wire's id. The pods' interfaces are called eth and the uid.
   *
   * @param more further members of the link's JSON, with a leading comma
   */
  public String link(
      int uid,
      String pod,
      String address,
      NodeProcess other,
      String otherPod,
      String otherAddress,
      String more) {
    String body =
        """
        {"uid": %d, "a": {"pod": "%s", "intf": "eth%d", "address": "%s"},
         "b": {"pod": "%s", "intf": "eth%d", "address": "%s"}%s}
        """
            .formatted(uid, pod, uid, address, otherPod, uid, otherAddress, more);
    JsonNode link = api().send("POST", "/api/v1/wires", "application/json", body);
    String wire = link.path("wire").asText();
    awaitUp(wire, UP_WITHIN);
    other.awaitUp(wire, UP_WITHIN);
    return wire;
  }

  public void awaitUp(String wire, Duration within) {
    Awaitility.await("wire " + wire + " up at " + name())
        .atMost(within)
        .pollInterval(Duration.ofMillis(50))
        .ignoreExceptions()
        .until(() -> api().get("/api/v1/wires/" + wire).path("state").asText().equals("up"));
  }

  /** What the node printed. */
  public String log() {
    try {
      return Files.readString(home.resolve("node.log"));
    } catch (IOException e) {
      return e.toString();
    }
  }

  /** Ends the process, and deletes the namespace that the node made; its host's stays. */
  @Override
  public void close() throws Exception {
    if (process != null) {
      kill();
    }
    Netns.deleteIfExists("weft-" + id);
  }
}
