package dev.weft.testkit;

/** Servers of tests, each on a thread of its own. */
public final class Background {
  /** What a thread does. */
  public interface Work {
    void run() throws Exception;
  }

  private Background() {}

  /** Runs until the work is done, or fails because its other end is gone, which the test sees. */
  public static void run(Work work) {
    Thread thread =
        new Thread(
            () -> {
              try {
                work.run();
              } catch (Exception closed) {
                // The test looks at the other end.
              }
            });
    thread.setDaemon(true);
    thread.start();
  }
}
