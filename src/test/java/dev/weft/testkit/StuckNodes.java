package dev.weft.testkit;

import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.PreInterruptCallback;
import org.junit.jupiter.api.extension.PreInterruptContext;

/**
 * Prints what the threads of node processes do when a test has stood still for longer than JUnit
 * lets it, before it is interrupted. Found by JUnit itself, for every test.
 */
public final class StuckNodes implements PreInterruptCallback {
  private static final Path JSTACK = Path.of(System.getProperty("java.home"), "bin", "jstack");

  @Override
  public void beforeThreadInterrupt(PreInterruptContext interrupted, ExtensionContext context)
      throws Exception {
    for (ProcessHandle process : ProcessHandle.current().descendants().toList()) {
      if (process.info().command().orElse("").endsWith("/java")) {
        System.out.println("Threads of process " + process.pid() + ":");
        new ProcessBuilder(JSTACK.toString(), "-l", String.valueOf(process.pid()))
            .inheritIO()
            .start()
            .waitFor(10, TimeUnit.SECONDS);
      }
    }
  }
}
