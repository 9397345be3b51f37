package dev.weft.mesh.link;

import dev.weft.config.MeshConfig;
import io.vertx.core.Future;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/** A kind of link: how to dial one, and how to be dialled. A new kind is one more class. */
public interface LinkKind {
  /** A listener that stands until it is closed. */
  interface Listening {
    /** Where it listens, with the port that was bound, as others would dial it. */
    String address();

    Future<Void> close();
  }

  /** The scheme in {@code mesh.listen} and {@code mesh.links}: {@code udp}, {@code tcp}, … */
  String scheme();

  /**
   * What arrived and was dropped before it was any link's, by reason, counted since the start; the
   * map stays, and any thread may read the counts.
   */
  default Map<String, LongSupplier> strays() {
    return Map.of();
  }

  /**
   * Dials one link. Done when frames can be sent, the other end's proof checked.
   *
   * @return fails with a {@link dev.weft.bus.WeftException} that names the address and the reason:
   *     UNAVAILABLE (nobody answers), UNAUTHENTICATED (another node, another mesh), INVALID (not
   *     something that this kind can dial)
   */
  Future<Transport> dial(MeshConfig.Link link);

  /**
   * Listens for links.
   *
   * @param accepted gets each link on the loop of its transport
   * @return fails with UNAVAILABLE, naming the address, for example one that is taken; INVALID for
   *     a kind that cannot listen
   */
  Future<Listening> listen(String address, Consumer<Transport> accepted);

  /** Closes what dialling has opened for all links of this kind, once they have ended. */
  default Future<Void> close() {
    return Future.succeededFuture();
  }
}
