package dev.weft.testkit;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** How the tests start the jar. */
public final class WeftJvm {
  /** A node's flags, as java(1) reads them from a file. */
  private static final String OPTIONS = "@" + Path.of("deploy/jvm.options").toAbsolutePath();

  /** The JDK that the tests run on. */
  public static final Path OWN = Path.of(System.getProperty("java.home"));

  private static final String TRIAL =
      """
      node: { name: trial, data: %1$s/data }
      cluster: { port: 0 }
      grpc: { port: 0 }
      http: { port: 0 }
      wires: { on-stop: remove }
      subnets: { overlay: '', runtime: '', on-stop: remove }
      nsm: { sockets: %1$s/nsm }
      """;

  /** Lazily made, once for all tests of a build. */
  private static final class Archive {
    private static final Optional<Path> MADE =
        Optional.ofNullable(System.getProperty("weft.archive")).map(Path::of).map(Archive::make);

    /** As the launcher does: with the classes of a node alone that ends when it is ready. */
    private static Path make(Path archive) {
      try {
        if (isOlderThanTheJar(archive)) {
          Files.deleteIfExists(archive);
          Path trial = Files.createDirectories(Path.of(archive + ".trial"));
          Path conf = Files.writeString(trial.resolve("weft.yaml"), TRIAL.formatted(trial));
          List<String> node = new ArrayList<>(java());
          node.addAll(List.of("-XX:DumpLoadedClassList=" + trial + "/classes", "-Xlog:disable"));
          node.addAll(List.of("-jar", jar(), "run", "--trial", "--conf", conf.toString()));
          run(trial.resolve("log"), node);
          run(
              trial.resolve("log"),
              List.of(
                  OWN.resolve("bin/java").toString(),
                  "-Xshare:dump",
                  "-XX:+UseG1GC",
                  "-Xlog:disable",
                  "-XX:SharedClassListFile=" + trial + "/classes",
                  "-XX:SharedArchiveFile=" + archive,
                  "-cp",
                  jar()));
        }
        return archive;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private static void run(Path log, List<String> command) throws IOException {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start();
      if (process.onExit().join().exitValue() != 0) {
        throw new AssertionError(command + ": " + Files.readString(log));
      }
    }

    private static boolean isOlderThanTheJar(Path archive) {
      return archive.toFile().lastModified() < new File(jar()).lastModified();
    }
  }

  private WeftJvm() {}

  private static String jar() {
    return System.getProperty("weft.jar");
  }

  private static List<String> java() {
    return java(OWN);
  }

  private static List<String> java(Path jdk) {
    return List.of(jdk.resolve("bin/java").toString(), OPTIONS);
  }

  /** The command that runs {@code weft} with these arguments. */
  public static List<String> command(String... arguments) {
    List<String> command = new ArrayList<>(java());
    Archive.MADE.ifPresent(archive -> command.add("-XX:SharedArchiveFile=" + archive));
    command.addAll(List.of("-jar", jar()));
    command.addAll(List.of(arguments));
    return command;
  }

  /** The command that runs a node on a JDK, compiled as outside tests. */
  public static List<String> node(Path jdk, Path conf) {
    if (jdk.equals(OWN)) {
      return command("run", "--conf", conf.toString());
    }
    List<String> command = new ArrayList<>(java(jdk));
    command.addAll(List.of("-jar", jar(), "run", "--conf", conf.toString()));
    return command;
  }

  /** The command that runs a node, for a test. */
  public static List<String> node(Path conf) {
    List<String> command = command("run", "--conf", conf.toString());
    if (System.getProperty("bench.rounds") == null) {
      // A test ends before the second compiler has earned what it costs all processes.
      // The first then begins when Java has it begin, not as late as jvm.options says.
      command.addAll(
          2,
          List.of(
              "-XX:TieredStopAtLevel=1",
              "-XX:Tier3InvocationThreshold=200",
              "-XX:Tier3MinInvocationThreshold=100",
              "-XX:Tier3CompileThreshold=2000"));
    }
    return command;
  }
}
