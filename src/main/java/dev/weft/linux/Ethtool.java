package dev.weft.linux;

import static dev.weft.linux.LibC.C;
import static dev.weft.linux.LibC.check;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Offloads of a link, by the SIOCETHTOOL ioctl (include/uapi/linux/ethtool.h). */
public final class Ethtool {
  private static final long SIOCETHTOOL = 0x8946;
  private static final int IFREQ = 40;
  private static final int IFR_DATA = 16;

  private Ethtool() {}

  /** Work that a link may leave to later stages, or packets that it may merge. */
  public enum Offload {
    TX_CHECKSUM(0x17),
    TSO(0x1f),
    GSO(0x24),
    GRO(0x2c);

    private final int setCommand;

    Offload(int setCommand) {
      this.setCommand = setCommand;
    }
  }

  /**
   * Switches an offload.
   *
   * @throws LinuxException ENODEV if there is no such link, EOPNOTSUPP if it cannot
   */
  public static void setOffload(Netns netns, String link, Offload offload, boolean on)
      throws LinuxException {
    String what = "ethtool " + link + " " + offload + (on ? " on" : " off");
    ByteBuffer value =
        ByteBuffer.allocateDirect(8)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putInt(offload.setCommand)
            .putInt(on ? 1 : 0);
    byte[] name = InterfaceName.check(link).getBytes(StandardCharsets.UTF_8);
    byte[] ifreq =
        ByteBuffer.allocate(IFREQ)
            .order(ByteOrder.LITTLE_ENDIAN)
            .put(0, name)
            .putLong(IFR_DATA, LibC.address(value))
            .array();
    try {
      netns.inside(
          () -> {
            try (NativeSocket socket =
                NativeSocket.open(NativeSocket.AF_INET, NativeSocket.SOCK_DGRAM, 0, what)) {
              return check(C.ioctl(socket.fd(), SIOCETHTOOL, ifreq), what);
            }
          });
    } finally {
      Reference.reachabilityFence(value);
    }
  }
}
