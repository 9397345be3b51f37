package dev.weft.linux;

import static dev.weft.linux.LibC.JNR;

import jnr.constants.platform.Signal;

/**
 * A process group, setpgid(2): a command and what it started, as long as these stay in it.
 *
 * @param id the process id of its leader; it is not given to another process as long as the group
 *     has members
 */
public record ProcessGroup(int id) {
  /**
   * The group of a process id.
   *
   * @param id above 1
   */
  public ProcessGroup {
    if (id < 2) {
      // kill(2) takes 0 and -1 for this process's own group and for all processes.
      throw new IllegalArgumentException("process group: " + id + " (expected: above 1)");
    }
  }

  /** Asks all members to end, SIGTERM; false if there are none. */
  public boolean terminate() {
    return signal(Signal.SIGTERM.intValue());
  }

  /** Ends all members, SIGKILL; false if there are none. */
  public boolean kill() {
    return signal(Signal.SIGKILL.intValue());
  }

  /** Whether it has members. */
  public boolean exists() {
    return signal(0);
  }

  private boolean signal(int number) {
    return JNR.kill(-id, number) == 0 || !Errno.ESRCH.is(LibC.errno());
  }
}
