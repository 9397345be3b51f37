package dev.weft.linux;

/**
 * How much a packet socket may hold in the kernel.
 *
 * @param receiveBufferBytes what is received and not read yet; beyond it the kernel drops
 * @param sendBufferBytes what is sent and not taken yet; beyond it a send must wait
 */
public record PacketOptions(int receiveBufferBytes, int sendBufferBytes) {
  /** 4 MiB and 8 MiB: some milliseconds at 10 Gbit/s. */
  public static final PacketOptions DEFAULT = new PacketOptions(4 << 20, 8 << 20);
}
