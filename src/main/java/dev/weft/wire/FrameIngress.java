package dev.weft.wire;

import com.google.protobuf.Descriptors.ServiceDescriptor;
import dev.weft.bus.Fault;
import dev.weft.dial.Caller;
import dev.weft.dial.Grpc;
import dev.weft.dial.Ingress;
import dev.weft.linux.SendRing;
import dev.weft.wire.proto.Meshnet;
import io.netty.buffer.ByteBuf;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.internal.buffer.BufferInternal;
import java.nio.ByteBuffer;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves {@code WireProtocol}, its calls of one frame and its streams: frames from a peer go to the
 * interface that each names, on the connection's own event loop. A frame that may not go there ends
 * the call with its gRPC status; a frame that the kernel does not take is dropped and counted.
 */
final class FrameIngress {
  static final ServiceDescriptor SERVICE =
      Meshnet.getDescriptor().findServiceByName("WireProtocol");
  static final String STREAM = "/" + SERVICE.getFullName() + "/SendToStream";
  static final String ONCE = "/" + SERVICE.getFullName() + "/SendToOnce";

  /** Frames given to the kernel at once, and room for a batch of super-frames. */
  private static final int RING_SLOTS = 256;

  private static final int RING_BYTES = 1 << 20;

  private static final Logger log = LoggerFactory.getLogger(FrameIngress.class);

  private final WireEnds ends;
  private final RateLimit warnings = new RateLimit();

  /** Slots for outgoing frames, shared by all streams of one event loop. */
  private final ConcurrentMap<Thread, SendRing> rings = new ConcurrentHashMap<>();

  FrameIngress(WireEnds ends) {
    this.ends = ends;
  }

  void addTo(Ingress ingress) {
    ingress.stream(SERVICE, "SendToStream", this::serve).stream(SERVICE, "SendToOnce", this::serve);
  }

  private void serve(Caller caller, HttpServerRequest request) {
    request.response().putHeader("content-type", "application/grpc").setChunked(true);
    Stream stream = new Stream(caller, request.response());
    request
        .handler(stream::onChunk)
        .endHandler(v -> stream.onEnd())
        .exceptionHandler(e -> stream.close());
  }

  /** A framed BoolResponse. */
  private static Buffer answer(boolean response) {
    return Buffer.buffer(response ? new byte[] {0, 0, 0, 0, 2, 8, 1} : new byte[Grpc.PREFIX]);
  }

  private SendRing ring() {
    return rings.computeIfAbsent(Thread.currentThread(), t -> new SendRing(RING_SLOTS, RING_BYTES));
  }

  private final class Stream implements PacketReader.Sink {
    private final Caller caller;
    private final HttpServerResponse response;
    private final PacketReader reader = new PacketReader(this);
    private final SendRing ring = ring();
    private WireEnd end;
    private long id;
    private boolean dropped;
    private long bytes;
    private long segments;
    private boolean closed;

    Stream(Caller caller, HttpServerResponse response) {
      this.caller = caller;
      this.response = response;
    }

    void onChunk(Buffer chunk) {
      if (closed) {
        return;
      }
      ByteBuf bytes = ((BufferInternal) chunk).getByteBuf();
      reader.onChunk(bytes);
      flush();
    }

    void onEnd() {
      if (closed) {
        return;
      }
      if (reader.isInsideMessage()) {
        refuse(Fault.INVALID, "the call ended inside a message");
        return;
      }
      close();
      response.putTrailer("grpc-status", "0").end(answer(!dropped));
    }

    void close() {
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
      if (length < 14 || !VnetCheck.fits(low, csumOffset, length)) {
        end.received().dropped(1);
        dropped = true;
        return;
      }
      ByteBuffer copied = source.nioBuffer(frame, length);
      if (!ring.addCopy(copied, low, csumOffset)) {
        flush();
        ring.addCopy(copied, low, csumOffset);
      }
      bytes += length;
      segments += VnetCheck.segments(low, length);
    }

    @Override
    public void onBroken(String why) {
      refuse(Fault.INVALID, why);
    }

    private void flush() {
      int frames = ring.size();
      if (frames == 0) {
        return;
      }
      int sent = end.send(ring);
      end.received().carried(segments - (frames - sent), bytes);
      end.received().dropped(frames - sent);
      dropped |= sent < frames;
      bytes = 0;
      segments = 0;
    }

    private void refuse(Fault fault, String why) {
      end = null;
      ends.refuse();
      close();
      if (warnings.allows()) {
        log.warn("frames from {} refused: {}", caller, why);
      }
      response
          .putTrailer("grpc-status", String.valueOf(fault.grpcStatus()))
          .putTrailer("grpc-message", Grpc.percentEncoded(why))
          .end();
    }
  }
}
