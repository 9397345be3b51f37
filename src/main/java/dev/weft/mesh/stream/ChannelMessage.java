package dev.weft.mesh.stream;

import dev.weft.bus.Fault;
import io.vertx.core.buffer.Buffer;
import java.util.List;

/**
 * What a channel carries: bytes, and objects, which leave the sender with it.
 *
 * @param bytes at most {@value #MAX_BYTES}
 * @param objects at most {@value #MAX_OBJECTS}
 */
public record ChannelMessage(Buffer bytes, List<MeshObject> objects) {
  public static final int MAX_BYTES = 65_536;
  public static final int MAX_OBJECTS = 64;

  /**
   * Checks the sizes.
   *
   * @throws dev.weft.bus.WeftException INVALID
   */
  public ChannelMessage {
    if (bytes.length() > MAX_BYTES) {
      throw Fault.invalid("message", bytes.length() + " bytes", "at most " + MAX_BYTES);
    }
    if (objects.size() > MAX_OBJECTS) {
      throw Fault.invalid("message", objects.size() + " objects", "at most " + MAX_OBJECTS);
    }
    objects = List.copyOf(objects);
  }

  /** A message without objects. */
  public static ChannelMessage of(Buffer bytes) {
    return new ChannelMessage(bytes, List.of());
  }

  /** Closes the objects: nobody will get this message. */
  void discard() {
    objects.forEach(MeshObject::close);
  }

  /** What it counts in a queue. */
  int weight() {
    return 64 + bytes.length() + 512 * objects.size();
  }
}
