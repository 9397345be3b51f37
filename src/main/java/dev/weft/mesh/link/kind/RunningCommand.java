package dev.weft.mesh.link.kind;

import dev.weft.linux.ProcessGroup;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/** A command of the shell in a session of its own, so that it ends with all that it started. */
final class RunningCommand {
  private static final long TERMINATE_NANOS = TimeUnit.SECONDS.toNanos(2);
  private static final long LOOK_MILLIS = 50;

  private final Process process;
  private final ProcessGroup group;
  private final Thread atExit = new Thread(this::kill);
  private final AtomicBoolean ending = new AtomicBoolean();

  private RunningCommand(Process process) {
    this.process = process;
    this.group = new ProcessGroup(Math.toIntExact(process.pid()));
  }

  /**
   * Starts a command with pipes to its three standard streams.
   *
   * @throws IOException if setsid(1) or the shell cannot be started
   */
  static RunningCommand start(String command) throws IOException {
    // The child is no leader of a group, so setsid(1) does not fork, and the session is its pid.
    ProcessBuilder builder = new ProcessBuilder("setsid", "/bin/sh", "-c", command);
    // What it says of itself there would be taken for this node's own state, sd_notify(3).
    builder.environment().remove("NOTIFY_SOCKET");
    Process process = builder.start();
    RunningCommand running = new RunningCommand(process);
    try {
      Runtime.getRuntime().addShutdownHook(running.atExit);
    } catch (IllegalStateException exiting) {
      running.kill();
      throw new IOException("this program is ending", exiting);
    }
    return running;
  }

  InputStream output() {
    return process.getInputStream();
  }

  InputStream errors() {
    return process.getErrorStream();
  }

  OutputStream input() {
    return process.getOutputStream();
  }

  /** Its exit status, or 128 and the signal that ended it. */
  CompletableFuture<Integer> exited() {
    return process.onExit().thenApply(Process::exitValue);
  }

  /** Asks it to end, with SIGTERM, and ends what is left of it after two seconds. */
  void end() {
    if (ending.compareAndSet(false, true)) {
      Thread thread = new Thread(this::terminate, "weft-link-end-" + process.pid());
      thread.setDaemon(true);
      thread.start();
    }
  }

  private void terminate() {
    long until = System.nanoTime() + TERMINATE_NANOS;
    // Also by its own number: it may not have made its session yet. By its handle, since
    // Process.destroy also closes the pipes, and with them what the command said last.
    process.toHandle().destroy();
    group.terminate();
    try {
      while (lives() && System.nanoTime() < until) {
        TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (lives()) {
      kill();
    }
    try {
      Runtime.getRuntime().removeShutdownHook(atExit);
    } catch (IllegalStateException exiting) {
      // Then it runs, and finds nothing.
    }
  }

  private boolean lives() {
    return process.isAlive() || group.exists();
  }

  private void kill() {
    process.toHandle().destroyForcibly();
    group.kill();
  }
}
