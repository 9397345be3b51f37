package dev.weft.mesh.link;

import dev.weft.identity.NodeId;
import dev.weft.rpc.Loop;
import io.netty.buffer.ByteBuf;
import java.util.Optional;

/**
 * Carries frames of 1 to {@link FrameLabel#MAX_FRAME} bytes to one other node, unreliably: frames
 * may be lost, repeated, reordered or changed. All methods but {@link #close} are called on {@link
 * #loop}, and so is the receiver.
 */
public interface Transport {
  /** Takes what arrives. */
  interface Receiver {
    /** A frame; the transport keeps the reference and releases it afterwards. */
    void onFrame(ByteBuf frame);

    /** No further frame is at hand: what was answered may be flushed. */
    void onIdle();

    /** The transport has ended, once; nothing arrives afterwards. */
    void onClosed(String reason);
  }

  /** The scheme of its {@link LinkKind}: {@code udp}. */
  String kind();

  /** The other end, in words a user knows: an address, a path, a command. */
  String remote();

  /** The other end's address and port as this node sees it; empty where there are no addresses. */
  String seenFrom();

  /** The node that the other end has proved to be by its key; empty if the kind proves nothing. */
  Optional<NodeId> proven();

  /** By what: {@code certificate} (of a CA), {@code key} (without a CA) or {@code none}. */
  default String proof() {
    return proven().isPresent() ? "certificate" : "none";
  }

  Loop loop();

  /** Begins to receive; what arrived before waits. Called once. */
  void receive(Receiver receiver);

  /** Takes the frame's reference; a frame that finds no room is dropped, as on a network. */
  void send(ByteBuf frame);

  /** Sends what has been given to {@link #send}. */
  void flush();

  /** Frames that found no room, or that the transport saw damaged, so far; any thread may call. */
  default long dropped() {
    return 0;
  }

  /** Ends the transport; any thread may call. The receiver is told the reason. */
  void close(String reason);
}
