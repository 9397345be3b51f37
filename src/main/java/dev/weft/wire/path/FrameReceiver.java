package dev.weft.wire.path;

import com.google.protobuf.Descriptors.ServiceDescriptor;
import dev.weft.bus.Fault;
import dev.weft.linux.SendRing;
import dev.weft.rpc.Caller;
import dev.weft.rpc.GrpcListener;
import dev.weft.rpc.InStream;
import dev.weft.wire.proto.Meshnet;
import io.netty.buffer.ByteBuf;
import io.vertx.core.buffer.Buffer;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves {@code WireProtocol}, its calls of one frame and its streams: frames from a peer go to the
 * interface that each names, on the connection's own event loop. A frame that may not go there ends
 * the call with its gRPC status; a frame that the kernel does not take is dropped and counted.
 */
public final class FrameReceiver {
  static final ServiceDescriptor SERVICE =
      Meshnet.getDescriptor().findServiceByName("WireProtocol");
  public static final String STREAM = "/" + SERVICE.getFullName() + "/SendToStream";
  public static final String ONCE = "/" + SERVICE.getFullName() + "/SendToOnce";

  /** Frames given to the kernel at once, and room for a batch of super-frames. */
  private static final int RING_SLOTS = 256;

  private static final int RING_BYTES = 256 << 10;

  /**
   * A frame of this length is sent from where it lies; to hold a shorter one costs more than a
   * copy.
   */
  private static final int COPIED = 4 << 10;

  private static final Logger log = LoggerFactory.getLogger(FrameReceiver.class);

  private final WireEnds ends;
  private final RateLimit warnings = new RateLimit();

  private final ConcurrentMap<Thread, Outgoing> outgoing = new ConcurrentHashMap<>();

  FrameReceiver(WireEnds ends) {
    this.ends = ends;
  }

  void addTo(GrpcListener listener) {
    listener.stream(SERVICE, "SendToStream", this::serve).stream(
        SERVICE, "SendToOnce", this::serve);
  }

  /** Gives the stream's frames to the ends that they name; on the stream's loop. */
  void serve(InStream in) {
    in.read(new Stream(in));
  }

  /** A BoolResponse. */
  private static Buffer answer(boolean response) {
    return Buffer.buffer(response ? new byte[] {8, 1} : new byte[0]);
  }

  /** Slots for outgoing frames, shared by all streams of one event loop. */
  private static final class Outgoing {
    final SendRing ring = new SendRing(RING_SLOTS, RING_BYTES);

    /** The stream whose frames are in the ring, if there are any. */
    Stream holder;
  }

  private final class Stream implements PacketReader.Sink, InStream.Reader {
    private final Caller caller;
    private final InStream in;
    private final PacketReader reader = new PacketReader(this);
    private final Outgoing shared =
        outgoing.computeIfAbsent(Thread.currentThread(), t -> new Outgoing());
    private final SendRing ring = shared.ring;
    private final List<ByteBuf> held = new ArrayList<>();
    private WireEnd end;
    private long id;
    private boolean dropped;
    private long bytes;
    private long segments;
    private boolean closed;

    Stream(InStream in) {
      this.caller = in.caller();
      this.in = in;
    }

    @Override
    public void onData(ByteBuf data) {
      reader.onChunk(data);
    }

    @Override
    public void onPause() {
      flush();
    }

    @Override
    public void onEnd() {
      if (closed) {
        return;
      }
      flush();
      if (reader.isInsideMessage()) {
        refuse(Fault.INVALID, "the call ended inside a message");
        return;
      }
      close();
      in.end(answer(!dropped));
    }

    @Override
    public void onFailed(Throwable why) {
      flush();
      close();
    }

    private void close() {
      closed = true;
      reader.close();
    }

    @Override
    public void onFrame(long interfaceId, ByteBuf source, int frame, int length, int vnet) {
      if (closed) {
        return;
      }
      if (end == null || id != interfaceId || end.closed()) {
        flush();
        id = interfaceId;
        end = ends.find(interfaceId, caller);
        if (end == null) {
          refuse(Fault.NOT_FOUND, "interface id " + interfaceId + " is no wire's here");
          return;
        }
        if (!end.isPeer(caller)) {
          refuse(Fault.DENIED, "interface id " + interfaceId + " is not yours to send to");
          return;
        }
      }
      long low = vnet < 0 ? 0 : source.getLongLE(vnet);
      int csumOffset = vnet < 0 ? 0 : source.getUnsignedShortLE(vnet + 8);
      boolean fits = length >= 14 && VnetCheck.fits(low, csumOffset, length);
      if (!fits || !end.takes(source, frame, length)) {
        end.received().dropped(fits ? DropCause.REFUSED : DropCause.MALFORMED, 1);
        dropped = true;
        return;
      }
      if (end.port() != null) {
        end.port().onFrame(source, frame, length, low, csumOffset);
      } else if (!add(source, frame, length, low, csumOffset)) {
        flush();
        add(source, frame, length, low, csumOffset);
      }
      bytes += length;
      segments += VnetCheck.segments(low, length);
    }

    /** Adds a copy of a frame; a long frame has a buffer of its own, from which it is sent. */
    private boolean add(ByteBuf source, int frame, int length, long low, int csumOffset) {
      if (shared.holder != this) {
        if (shared.holder != null) {
          shared.holder.flush();
        }
        shared.holder = this;
      }
      if (length < COPIED || !source.hasMemoryAddress()) {
        // A slice of a buffer has no NIO view but one that is made each time.
        ByteBuffer room = ring.addRoom(length, low, csumOffset);
        if (room != null) {
          source.getBytes(frame, room);
        }
        return room != null;
      }
      boolean added = ring.add(source.memoryAddress() + frame, length, low, csumOffset);
      if (added) {
        held.add(source.retain());
      }
      return added;
    }

    @Override
    public void onBroken(String why) {
      refuse(Fault.INVALID, why);
    }

    private void flush() {
      if (end != null && end.port() != null) {
        end.port().flush();
        end.received().carried(segments, bytes);
        bytes = 0;
        segments = 0;
        return;
      }
      int frames = ring.size();
      if (frames == 0 || shared.holder != this) {
        return;
      }
      int sent = end.send(ring);
      held.forEach(ByteBuf::release);
      held.clear();
      end.received().carried(segments - (frames - sent), bytes);
      dropped |= sent < frames;
      bytes = 0;
      segments = 0;
    }

    private void refuse(Fault fault, String why) {
      flush();
      end = null;
      ends.refuse();
      close();
      if (warnings.allows()) {
        log.warn("frames from {} refused: {}", caller, why);
      }
      in.refuse(fault, why);
    }
  }
}
