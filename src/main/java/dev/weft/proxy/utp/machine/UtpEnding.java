package dev.weft.proxy.utp.machine;

/** Why a connection has ended. */
public enum UtpEnding {
  DONE("both ends have finished"),
  RESET("the other end has reset the connection"),
  REFUSED("the other end refuses the connection"),
  UNANSWERED("no answer"),
  UNACKNOWLEDGED("nothing was acknowledged for 30 s"),
  SILENT("the other end was not heard for too long"),
  BROKEN_OFF("broken off here");

  private final String why;

  UtpEnding(String why) {
    this.why = why;
  }

  /** In words. */
  public String why() {
    return why;
  }
}
