package dev.weft.mesh.gate;

import dev.weft.bus.Fault;
import dev.weft.mesh.stream.MeshSocket;
import io.vertx.core.Future;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;

/** A mesh of one far node in the same process, called far. */
final class MemoryServices implements ServicePeers {
  static final String FAR = "00000000000000b2";
  private static final String SELF = "00000000000000a1";

  private final Map<String, BiFunction<String, MeshSocket, Future<Void>>> services =
      new HashMap<>();

  @Override
  public void export(
      String name, Set<String> allow, BiFunction<String, MeshSocket, Future<Void>> provider) {
    services.put(name, provider);
  }

  @Override
  public void withdraw(String name) {
    services.remove(name);
  }

  @Override
  public Future<MeshSocket> connect(String node, String service) {
    BiFunction<String, MeshSocket, Future<Void>> provider = services.get(service);
    if (provider == null) {
      return Future.failedFuture(
          Fault.NOT_FOUND.because("service: " + service + " (expected: one that is exported)"));
    }
    MeshSocket.Ends ends = MeshSocket.streams();
    return provider.apply(SELF, ends.other()).map(ends.one());
  }

  @Override
  public List<String> nearest(String service) {
    return services.containsKey(service) ? List.of(FAR) : List.of();
  }

  @Override
  public List<String> named(String name) {
    return name.equals("far") ? List.of(FAR) : name.equals("two") ? List.of(FAR, SELF) : List.of();
  }
}
