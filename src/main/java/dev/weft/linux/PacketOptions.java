package dev.weft.linux;

/**
 * How much a packet socket may hold in the kernel.
 *
 * @param receiveBufferBytes received and not read yet; beyond it the kernel drops frames
 * @param sendBufferBytes sent and not consumed by the link yet; beyond it a send must wait
 * @param promiscuous whether the link takes frames for all addresses while the socket is open
 */
public record PacketOptions(int receiveBufferBytes, int sendBufferBytes, boolean promiscuous) {
  /** 4 MiB and 8 MiB: some milliseconds at 10 Gbit/s. */
  public static final PacketOptions DEFAULT = new PacketOptions(4 << 20, 8 << 20, false);

  /** The same, for a link that other hosts are on. */
  public static final PacketOptions PROMISCUOUS = new PacketOptions(4 << 20, 8 << 20, true);
}
