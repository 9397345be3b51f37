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
 * Wire ends for programs outside the mesh. They are listed with this node's wires and use the same
 * data path and event loop; calls about them have no {@code wire_id}.
 */
public interface ForeignEnds {
  /** Creates the ends of a node, whose data path is open. */
  interface Factory {
    ForeignEnds create(WireRoom room);
  }

  /** Opens the ends in the store; the node's namespace exists. */
  Future<Void> open();

  Stream<WireStatus> list();

  /** How many there are; any thread may ask. */
  int size();

  Optional<WireStatus> get(String id);

  /** Creates this node's end of a wire whose other end a foreign daemon has. */
  Future<WireCreateResponse> onJoin(Caller caller, WireDef def);

  /** The other end was removed. */
  Future<WireDownResponse> onDown(Caller caller, WireDef def);

  /** A link of the node's namespace was deleted. */
  void onLinkGone(int ifindex);

  /** Takes all ends out of the data path; kernel links and intents stay. */
  Future<Void> close();
}
