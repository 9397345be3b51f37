package dev.weft.testkit;

import dev.weft.linux.Netlink;
import dev.weft.linux.Netns;
import dev.weft.linux.PacketOptions;
import dev.weft.linux.PacketSocket;
import dev.weft.linux.Poller;
import dev.weft.linux.RecvRing;
import dev.weft.linux.SendRing;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HexFormat;

/**
 * Sends and receives whole Ethernet frames on a pod's interface. It receives those from {@link
 * #SOURCE} alone: a pod's own stack talks too.
 */
public final class FramePort implements AutoCloseable {
  /** The address that test frames come from, locally administered. */
  public static final String SOURCE = "027765667401";

  private static final int FRAMES = 64;
  private static final int FRAME_BYTES = 10_000;
  private static final byte[] SOURCE_BYTES = HexFormat.of().parseHex(SOURCE);

  private final PacketSocket socket;
  private final Poller<PacketSocket> poller = new Poller<>();
  private final RecvRing in = new RecvRing(FRAMES, FRAME_BYTES);
  private final SendRing out = new SendRing(1, FRAME_BYTES);
  private final Deque<byte[]> received = new ArrayDeque<>();

  private FramePort(PacketSocket socket) throws IOException {
    this.socket = socket;
    poller.add(socket.fd(), socket);
  }

  public static FramePort open(TestNetns pod, String intf) throws IOException {
    try (Netns netns = pod.open();
        Netlink inPod = Netlink.open(netns)) {
      int index = inPod.require(intf).index();
      return new FramePort(PacketSocket.open(netns, index, PacketOptions.DEFAULT));
    }
  }

  /** Fails if the interface does not take it. */
  public void send(byte[] frame) {
    out.clear();
    out.addCopy(frame);
    int sent = socket.send(out, 0, 1);
    if (sent != 1) {
      throw new AssertionError("frame of " + frame.length + " bytes not sent: " + sent);
    }
  }

  /** The next frame; null if none comes in time. */
  public byte[] receive(Duration within) throws IOException {
    long deadline = System.nanoTime() + within.toNanos();
    while (received.isEmpty() && System.nanoTime() < deadline) {
      poller.poll((int) within.toMillis(), (ready, events) -> {});
      int frames = socket.receive(in);
      for (int i = 0; i < frames; i++) {
        byte[] frame = new byte[in.length(i)];
        in.frame(i).get(frame);
        if (Arrays.equals(frame, 6, 12, SOURCE_BYTES, 0, 6)) {
          received.add(frame);
        }
      }
    }
    return received.poll();
  }

  @Override
  public void close() {
    poller.close();
    socket.close();
  }
}
