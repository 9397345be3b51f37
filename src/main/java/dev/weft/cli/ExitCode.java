package dev.weft.cli;

/** What the process tells its caller. */
public final class ExitCode {
  public static final int OK = 0;

  /** The request failed. */
  public static final int FAILED = 1;

  /** Wrong usage or configuration. */
  public static final int USAGE = 2;

  /** The node died, or did not start. */
  public static final int DIED = 3;

  private ExitCode() {}
}
