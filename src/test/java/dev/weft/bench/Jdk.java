package dev.weft.bench;

import dev.weft.testkit.WeftJvm;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Optional;
import java.util.Properties;
import java.util.stream.Stream;

/**
 * A Java to run nodes on.
 *
 * @param version as {@code 25.0.1}
 */
record Jdk(Path home, Runtime.Version version) {
  static final Jdk OWN = new Jdk(WeftJvm.OWN, Runtime.version());

  /**
   * The one that {@code -Dbench.java} names, or else the newest beside ours; not of our version.
   */
  static Optional<Jdk> other() throws IOException {
    String named = System.getProperty("bench.java", "");
    try (Stream<Path> homes =
        named.isEmpty() ? Files.list(OWN.home().getParent()) : Stream.of(Path.of(named))) {
      return homes
          .filter(home -> Files.isExecutable(home.resolve("bin/java")))
          .flatMap(home -> read(home).stream())
          .filter(jdk -> jdk.version().feature() != OWN.version().feature())
          .max(Comparator.comparing(Jdk::version));
    }
  }

  private static Optional<Jdk> read(Path home) {
    Properties release = new Properties();
    try (Reader in = Files.newBufferedReader(home.resolve("release"))) {
      release.load(in);
    } catch (IOException e) {
      return Optional.empty();
    }
    String version = release.getProperty("JAVA_VERSION", "").replace("\"", "");
    return Optional.of(new Jdk(home, Runtime.Version.parse(version)));
  }
}
