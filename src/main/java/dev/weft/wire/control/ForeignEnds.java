package dev.weft.wire.control;

import dev.weft.rpc.Caller;
import dev.weft.wire.WireStatus;
import dev.weft.wire.proto.WireCreateResponse;
import dev.weft.wire.proto.WireDef;
import dev.weft.wire.proto.WireDownResponse;
import io.vertx.core.Future;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Wire ends that programs outside the mesh asked for. They are listed with this node's wires, share
 * the data path with them, and live on the same event loop; their calls have no {@code wire_id}.
 */
public interface ForeignEnds {
  /** Creates a node's, once its data path stands. */
  interface Factory {
    ForeignEnds create(WireRoom room);
  }

  /** Opens what was kept, once the node's namespace stands. */
  Future<Void> open();

  Stream<WireStatus> list();

  Optional<WireStatus> get(String id);

  /** Makes this node's end of a wire whose other end a foreign daemon has. */
  Future<WireCreateResponse> onJoin(Caller caller, WireDef def);

  /** The other end is gone. */
  Future<WireDownResponse> onDown(Caller caller, WireDef def);

  /** A link of the node's namespace was deleted. */
  void onLinkGone(int ifindex);

  /** Stops the data path; kernel links and intents stay. */
  Future<Void> close();
}
