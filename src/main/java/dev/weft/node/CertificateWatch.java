package dev.weft.node;

import dev.weft.bus.WeftException;
import dev.weft.identity.CertificateFiles;
import dev.weft.telemetry.Health;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads certificates again when their files change or when it is told to, and shows in the health
 * what cannot be used and what expires soon. Files are looked at every few seconds: where they are
 * mounted into a container, inotify does not tell of every change.
 */
final class CertificateWatch {
  private static final Logger log = LoggerFactory.getLogger(CertificateWatch.class);
  private static final String ROOM = "identity";
  private static final Duration LOOK_EVERY = Duration.ofSeconds(2);
  private static final Duration WARN_BEFORE = Duration.ofDays(30);

  private final Vertx vertx;
  private final Health health;
  private final Clock clock;
  private final List<CertificateFiles> sources;
  private final Runnable onChange;
  private long timer;

  /** Inode, ctime and size of each file at the last look. */
  private final Map<Path, Object> seen = new HashMap<>();

  /** Why the files of a source cannot be used. */
  private final Map<CertificateFiles, String> refused = new HashMap<>();

  /**
   * @param onChange is run when other certificates than before are in use
   */
  CertificateWatch(
      Vertx vertx, Health health, Clock clock, List<CertificateFiles> sources, Runnable onChange) {
    this.vertx = vertx;
    this.health = health;
    this.clock = clock;
    this.sources = List.copyOf(sources);
    this.onChange = onChange;
  }

  void start() {
    health.state(ROOM, Health.State.READY);
    look(false);
    timer =
        vertx.setPeriodic(
            LOOK_EVERY.toMillis(), id -> vertx.executeBlocking(() -> look(false), false));
  }

  Future<Void> close() {
    vertx.cancelTimer(timer);
    return Future.succeededFuture();
  }

  /** Reads all files again now. */
  Future<Void> reload() {
    return vertx.executeBlocking(() -> look(true), false);
  }

  private synchronized Void look(boolean all) {
    for (CertificateFiles source : sources) {
      // count(), not anyMatch(): every file's attributes are noted, also after one that differs.
      boolean changed = source.files().stream().filter(this::differs).count() > 0;
      // Refused files are read at every look until they fit: the clock may be the cause.
      if (all || changed || refused.containsKey(source)) {
        read(source, all);
      }
    }
    showRefused();
    showExpiry();
    return null;
  }

  private boolean differs(Path file) {
    Object now;
    try {
      now = Files.readAttributes(file, "unix:ino,ctime,size");
    } catch (IOException e) {
      now = "unreadable";
    }
    return !now.equals(seen.put(file, now));
  }

  private void read(CertificateFiles source, boolean asked) {
    try {
      boolean changed = source.reload();
      refused.remove(source);
      if (changed) {
        onChange.run();
      }
      if (changed || asked) {
        source
            .inUse()
            .forEach(
                used ->
                    log.info(
                        "{} read again: {}, valid until {}",
                        used.file(),
                        changed ? "changed" : "not changed",
                        used.info().notAfter()));
      }
    } catch (RuntimeException e) {
      // Any exception is shown and must not keep the other files from being read.
      String why = WeftException.of(e).getMessage();
      String before = refused.put(source, why);
      if (asked || !why.equals(before)) {
        log.error("certificates not changed, those in use stay: {}", why);
      }
    }
  }

  private void showRefused() {
    health.show(
        !refused.isEmpty(),
        new Health.Warning(
            ROOM,
            "certificate-refused",
            String.join("; ", refused.values()),
            "the certificates that were read before stay in use, until they expire",
            "put a file there that fits; the node reads it by itself"));
  }

  private void showExpiry() {
    Instant now = clock.instant();
    Map<String, Health.Warning> warnings = new TreeMap<>();
    List<String> codes = new ArrayList<>();
    for (CertificateFiles source : sources) {
      for (CertificateFiles.InUse used : source.inUse()) {
        boolean expired = now.isAfter(used.info().notAfter());
        boolean soon = now.plus(WARN_BEFORE).isAfter(used.info().notAfter());
        codes.add(code(used, true));
        codes.add(code(used, false));
        if (expired || soon) {
          warnings.merge(
              code(used, expired), warning(used, expired, now), CertificateWatch::together);
        }
      }
    }
    codes.stream().filter(c -> !warnings.containsKey(c)).forEach(c -> health.clear(ROOM, c));
    warnings.values().forEach(health::raise);
  }

  private static String code(CertificateFiles.InUse used, boolean expired) {
    String what =
        switch (used.role()) {
          case NODE -> "certificate";
          case CA -> "ca";
          case EXTERNAL_CA -> "external-ca";
        };
    return what + (expired ? "-expired" : "-expires");
  }

  private static Health.Warning warning(CertificateFiles.InUse used, boolean expired, Instant now) {
    Instant end = used.info().notAfter();
    String when =
        expired
            ? " expired " + end
            : " expires " + end + ", in " + Duration.between(now, end).toDays() + " days";
    String since = expired ? "" : "from then on ";
    return switch (used.role()) {
      case NODE ->
          new Health.Warning(
              ROOM,
              code(used, expired),
              "this node's certificate " + used.file() + when,
              since + "no node accepts a new connection of this one or a record signed by it",
              "weft cert node --ca DIR --out DIR --name NAME, where the node's key is: the key is"
                  + " kept, and the node reads the new certificate by itself");
      case CA ->
          new Health.Warning(
              ROOM,
              code(used, expired),
              "the mesh's CA " + used.file() + when,
              since + "no node accepts another one",
              "make a CA with weft cert ca, and each node's certificate with weft cert node; nodes"
                  + " with different CAs do not know each other");
      case EXTERNAL_CA ->
          new Health.Warning(
              ROOM,
              code(used, expired),
              "the CA of another mesh " + used.file() + when,
              since + "network services of that mesh cannot be reached",
              "ask for the new CA and replace the file; the node reads it by itself");
    };
  }

  private static Health.Warning together(Health.Warning a, Health.Warning b) {
    return new Health.Warning(
        a.room(), a.code(), a.text() + "; " + b.text(), a.affects(), a.action());
  }
}
