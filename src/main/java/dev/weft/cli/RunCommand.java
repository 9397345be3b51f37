package dev.weft.cli;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.config.ConfigException;
import dev.weft.config.ConfigFile;
import dev.weft.config.ConfigReading;
import dev.weft.config.LogConfig;
import dev.weft.config.WeftConfig;
import dev.weft.linux.FilePages;
import dev.weft.linux.LinuxException;
import dev.weft.linux.SdNotify;
import dev.weft.linux.Signals;
import dev.weft.node.Node;
import dev.weft.node.Preflight;
import dev.weft.telemetry.LogSetup;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Starts a node in the foreground. */
@Command(
    name = "run",
    description = {
      "Start a node in the foreground.",
      "SIGTERM and Ctrl-C stop it, with exit code 0 if it stopped cleanly; SIGHUP reads the file"
          + " again."
    },
    mixinStandardHelpOptions = true)
final class RunCommand implements Callable<Integer> {
  /** How long a node that is told to stop while it starts may take to have started. */
  private static final long CLOSE_SECONDS = 10;

  /** How often to say what a stop waits for. */
  private static final Duration STEP = Duration.ofSeconds(5);

  private static final long START_SECONDS = 60;

  /** When a node that is ready has settled. */
  private static final long SETTLED_SECONDS = 30;

  @Spec private CommandSpec spec;

  @Option(
      names = "--conf",
      required = true,
      paramLabel = "FILE",
      description = "the configuration; conf/weft.yaml is its manual")
  private Path conf;

  @Option(names = "--trial", description = "ask the node once when it is ready, and stop")
  private boolean trial;

  /** What the node was started with. */
  private volatile ConfigReading begun;

  /** Null until it is ready. */
  private volatile Node running;

  @Override
  public Integer call() throws InterruptedException, IOException {
    PrintWriter err = spec.commandLine().getErr();
    try {
      begun = ConfigFile.read(conf);
    } catch (ConfigException e) {
      return refused(err, Preflight.problems(e, Clock.systemUTC()));
    }
    WeftConfig config = begun.config();
    List<String> problems = Preflight.problems(config, Clock.systemUTC());
    if (!problems.isEmpty()) {
      return refused(err, problems);
    }
    LogSetup.apply(config.log());
    CompletableFuture<Node> stop = new CompletableFuture<>();
    Signals.onTerminate(() -> stop.complete(null));
    Signals.onHangup(this::reload);
    Node node;
    try {
      CompletableFuture<Node> started =
          Node.start(config, Clock.systemUTC()).toCompletionStage().toCompletableFuture();
      started.applyToEither(stop, n -> n).get(START_SECONDS, TimeUnit.SECONDS);
      // A node that is told to stop while it starts is closed once it has started.
      node = started.get(CLOSE_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      return refused(err, e.getCause());
    } catch (TimeoutException e) {
      err.printf(
          "weft: the node is not ready (expected: within %d s, or %d s once it is told to stop)%n",
          START_SECONDS, CLOSE_SECONDS);
      return ExitCode.DIED;
    }
    running = node;
    SdNotify notify = SdNotify.fromEnvironment();
    tellReady(config, node);
    notify.ready();
    if (trial) {
      ask(node.url());
    } else {
      await(stop);
    }
    notify.stopping();
    return close(node, notify) ? ExitCode.OK : ExitCode.DIED;
  }

  /** Does what other commands do, whose classes are to be in the archive of a trial, too. */
  private static void ask(String url) {
    InputStream in = InputStream.nullInputStream();
    PrintWriter nobody = new PrintWriter(Writer.nullWriter());
    Main.run(in, nobody, nobody, "--help");
    Main.run(in, nobody, nobody, "status", "--url", url);
    Main.run(in, nobody, nobody, "pods", "--url", url);
  }

  /** A line for a person on standard output; a line of the log if that is for programs. */
  private void tellReady(WeftConfig config, Node node) {
    String text =
        "node %s (%s) is ready: API and dashboard %s, gRPC port %d"
            .formatted(config.node().name(), node.id(), node.url(), node.grpcPort());
    if (config.log().format() == LogConfig.Format.JSON) {
      log().info("{}", text);
    } else {
      PrintWriter out = spec.commandLine().getOut();
      out.println("weft: " + text);
      out.flush();
    }
  }

  /** Waits for it, and in the meantime gives back memory that only the start needed. */
  private static void await(CompletableFuture<Node> stop) {
    stop.copy().completeOnTimeout(null, SETTLED_SECONDS, TimeUnit.SECONDS).join();
    if (!stop.isDone()) {
      try {
        log().debug("{} KiB of the start's pages given back", FilePages.giveBack() >> 10);
      } catch (IOException e) {
        log().info("the pages of the start stay in memory: {}", e.getMessage());
      }
    }
    stop.join();
  }

  private static int refused(PrintWriter err, List<String> problems) {
    problems.forEach(problem -> Main.tell(err, problem));
    return ExitCode.USAGE;
  }

  private static int refused(PrintWriter err, Throwable why) {
    Main.tell(err, String.valueOf(why.getMessage()));
    if (!(why instanceof WeftException known)) {
      log().error("the node did not start", why);
      return ExitCode.DIED;
    }
    // Faults of the configuration that only a start finds, such as a certificate of another CA.
    return known.fault() == Fault.INVALID ? ExitCode.USAGE : ExitCode.DIED;
  }

  private static boolean close(Node node, SdNotify notify) throws InterruptedException {
    try {
      return new Shutdown(STEP, () -> moreTime(notify)).close(node::closeNext);
    } finally {
      LogSetup.flush();
    }
  }

  private static void moreTime(SdNotify notify) {
    try {
      notify.moreTime(STEP.multipliedBy(6));
    } catch (LinuxException e) {
      log().warn("the service manager is not told: {}", e.getMessage());
    }
  }

  /** No constant: the help, which names this command too, is shown without a log. */
  private static Logger log() {
    return LoggerFactory.getLogger(RunCommand.class);
  }

  /** Applies the values that the manual marks [reload], unless each use reads them anyway. */
  private void reload() {
    Node node = running;
    if (node != null) {
      node.reload();
    }
    try {
      ConfigReading read = ConfigFile.read(conf);
      WeftConfig now = read.config();
      LogSetup.apply(now.log());
      log().info("{} read again: log level {}", conf, now.log().level());
      List<String> later = begun.needRestart(read);
      later.forEach(change -> log().warn("{} needs a start of the node: {}", conf, change));
      if (node != null) {
        node.needsRestart(later);
      }
    } catch (ConfigException e) {
      log().error("{} not applied, the node goes on as it was:\n{}", conf, e.getMessage());
    }
  }
}
