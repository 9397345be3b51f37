package dev.weft.linux;

import static dev.weft.linux.LibC.JNR;
import static dev.weft.linux.LibC.check;

/** A thread's share of the CPU while others want it too; on Linux each has its own (sched(7)). */
public final class Nice {
  private static final int PRIO_PROCESS = 0;
  private static final int SCHED_BATCH = 3;

  private Nice() {}

  /**
   * Sets the calling thread's share.
   *
   * @param value -20 (most) to 19; 0 is what threads have
   * @throws LinuxException EACCES for less than it has, without CAP_SYS_NICE
   */
  public static void set(int value) throws LinuxException {
    check(JNR.setpriority(PRIO_PROCESS, 0, value), "setpriority " + value);
  }

  /**
   * Lets the calling thread wait, when it has something to do, until whoever runs has had its turn
   * (SCHED_BATCH): fewer changes between the two, and more to do at a time.
   *
   * @throws LinuxException EPERM where a sandbox forbids it
   */
  public static void batch() throws LinuxException {
    check(LibC.C.sched_setscheduler(0, SCHED_BATCH, new byte[Integer.BYTES]), "SCHED_BATCH");
  }
}
