package dev.weft.nsm.endpoint;

import dev.weft.bus.Fault;
import dev.weft.bus.Json;
import dev.weft.cluster.OwnedTable;
import dev.weft.linux.SocketFile;
import dev.weft.nsm.Endpoint;
import dev.weft.nsm.EndpointChanged;
import dev.weft.room.RoomContext;
import io.vertx.core.Future;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The endpoints of all services: this node's, kept on disk, other members' and external ones. */
public final class Endpoints {
  private static final Logger log = LoggerFactory.getLogger(Endpoints.class);
  private static final String TABLE = "endpoints";

  /** An endpoint is dead after this many looks, one a second, that find nobody on its socket. */
  private static final int DEAD_AFTER = 2;

  /** An endpoint is silent after this many probes that its program does not answer. */
  private static final int SILENT_AFTER = 2;

  /**
   * An endpoint of this node.
   *
   * @param socket where this node asks it for connections
   * @param uid owner of the socket's file
   */
  public record Advertised(Endpoint endpoint, String socket, int uid) {}

  private final RoomContext room;
  private final OwnedTable table;
  private final Externals externals;
  private final Consumer<Path> unused;
  private final Map<String, Advertised> mine = new TreeMap<>();
  private final Map<String, Integer> silent = new HashMap<>();
  private final Map<String, Integer> mute = new HashMap<>();

  /** Whether other members may know of this node's endpoints. */
  private boolean announced;

  /** Other members' endpoints; null from a change of the table until they are read again. */
  private List<Endpoint> others;

  /**
   * @param unused called with each socket that no endpoint of this node uses any more
   */
  public Endpoints(RoomContext room, Externals externals, Consumer<Path> unused) {
    this.room = room;
    this.table = room.cluster().owned(TABLE);
    this.externals = externals;
    this.unused = unused;
  }

  /** Reads this node's endpoints from disk. */
  public Future<Void> load() {
    table.onChange(() -> others = null);
    return room.store()
        .all(TABLE)
        .compose(
            rows -> {
              rows.values().stream()
                  .map(json -> Json.read(json, Advertised.class))
                  .forEach(a -> mine.put(a.endpoint().key(), a));
              return Future.succeededFuture();
            })
        .mapEmpty();
  }

  /**
   * Tells other members of this node's endpoints, from now on: they can call it. An endpoint that
   * is known sooner is asked for, and refused, while the node starts.
   */
  public Future<Void> announce() {
    announced = true;
    return Future.join(mine.values().stream().map(this::publish).toList()).mapEmpty();
  }

  public void onChange(Runnable listener) {
    table.onChange(listener);
    externals.onChange(listener);
  }

  public Collection<Advertised> mine() {
    return mine.values();
  }

  public Optional<Advertised> mine(String namespace, String provider, String service) {
    return Optional.ofNullable(
        mine.get(new Endpoint("", namespace, provider, service, List.of()).key()));
  }

  /** Any endpoint of a service on this node. */
  public Optional<Advertised> mine(String service) {
    return mine.values().stream().filter(a -> a.endpoint().service().equals(service)).findFirst();
  }

  /** The endpoints of all live members and those outside the cluster that can be reached. */
  public List<Endpoint> all() {
    List<Endpoint> all = new ArrayList<>();
    mine.values().forEach(a -> all.add(a.endpoint()));
    if (others == null) {
      others =
          table.rows().stream()
              .filter(row -> !row.node().equals(room.self()))
              .flatMap(row -> row.read(Endpoint.class, Endpoint::node).stream())
              .toList();
    }
    all.addAll(others);
    all.addAll(externals.offers());
    return all;
  }

  public List<Endpoint> of(String service) {
    return all().stream().filter(e -> e.service().equals(service)).toList();
  }

  public Map<String, List<Endpoint>> byService() {
    return all().stream().collect(Collectors.groupingBy(Endpoint::service));
  }

  /** Whether a node is a member, or one of another mesh that called lately. */
  public boolean isHere(String node) {
    return room.cluster().member(node).isPresent() || externals.isHere(node);
  }

  public Future<Void> put(Advertised advertised) {
    String key = advertised.endpoint().key();
    silent.remove(key);
    mute.remove(key);
    if (advertised.equals(mine.get(key))) {
      return Future.succeededFuture();
    }
    return room.store()
        .put(TABLE, key, Json.write(advertised))
        .compose(
            v -> {
              release(mine.put(key, advertised));
              return publish(advertised);
            })
        .onSuccess(v -> tell(advertised, null));
  }

  /** Removes an endpoint of this node; an unknown key is success. */
  public Future<Void> remove(String key, String reason) {
    Advertised gone = mine.remove(key);
    silent.remove(key);
    mute.remove(key);
    if (gone == null) {
      return Future.succeededFuture();
    }
    release(gone);
    tell(gone, reason);
    return table.remove(key).compose(v -> room.store().delete(TABLE, key)).mapEmpty();
  }

  /**
   * Counts the looks in a row at which nobody listened on an endpoint's socket.
   *
   * @param served whether somebody listens, by socket
   * @return the endpoints that are dead now
   */
  public List<Advertised> dead(Map<String, Boolean> served) {
    List<Advertised> dead = new ArrayList<>();
    mine.forEach(
        (key, advertised) -> {
          if (served.getOrDefault(advertised.socket(), true)) {
            silent.remove(key);
          } else if (silent.merge(key, 1, Integer::sum) >= DEAD_AFTER) {
            dead.add(advertised);
          }
        });
    return dead;
  }

  /** Checks an endpoint's socket before it is advertised; blocks. INVALID names the socket. */
  public static void checkSocket(String socket, int uid) {
    if (!socket.startsWith("/")) {
      throw Fault.invalid("socket_location", socket, "the absolute path of a Unix socket");
    }
    Path path = Path.of(socket);
    try {
      switch (SocketFile.occupant(path)) {
        case NOTHING ->
            throw Fault.invalid("socket_location", socket, "a socket; nothing is there");
        case OTHER_FILE ->
            throw Fault.invalid("socket_location", socket, "a socket; another file is there");
        case STALE ->
            throw Fault.invalid("socket_location", socket, "a socket somebody listens on");
        case SERVED -> {
          int owner = SocketFile.owner(path);
          if (owner != uid) {
            throw Fault.DENIED.because(
                "socket_location: %s belongs to uid %s (expected: uid %s, who advertises it)"
                    .formatted(socket, owner, uid));
          }
          if (SocketFile.isOurs(path)) {
            throw Fault.invalid(
                "socket_location", socket, "an endpoint's socket; it is the node's");
          }
        }
      }
    } catch (IOException e) {
      throw Fault.INVALID.because("socket_location: " + socket + ": " + e.getMessage(), e);
    }
  }

  /**
   * Counts the probes in a row that an endpoint's program did not answer, and publishes which do
   * not now.
   *
   * @param speaks whether it answered, by socket; without those that were not probed
   */
  public Future<Void> probed(Map<String, Boolean> speaks) {
    List<Future<Void>> published = new ArrayList<>();
    for (Advertised advertised : List.copyOf(mine.values())) {
      String key = advertised.endpoint().key();
      boolean speaking = speaks.getOrDefault(advertised.socket(), !mute.containsKey(key));
      if (speaking) {
        mute.remove(key);
      } else if (speaks.containsKey(advertised.socket())) {
        mute.merge(key, 1, Integer::sum);
      }
      boolean now = mute.getOrDefault(key, 0) >= SILENT_AFTER;
      if (now != advertised.endpoint().silent()) {
        log.warn(
            "endpoint {} of service {} {}",
            advertised.endpoint().name(),
            advertised.endpoint().service(),
            now ? "does not answer any more" : "answers again");
        Advertised next =
            new Advertised(
                advertised.endpoint().silent(now), advertised.socket(), advertised.uid());
        mine.put(key, next);
        published.add(publish(next));
      }
    }
    return Future.join(published).mapEmpty();
  }

  private void release(Advertised former) {
    if (former != null
        && mine.values().stream().noneMatch(a -> a.socket().equals(former.socket()))) {
      unused.accept(Path.of(former.socket()));
    }
  }

  private Future<Void> publish(Advertised advertised) {
    return announced
        ? table.put(advertised.endpoint().key(), Json.write(advertised.endpoint()))
        : Future.succeededFuture();
  }

  private void tell(Advertised a, String reason) {
    room.bus().publish(new EndpointChanged(a.endpoint().service(), a.endpoint().name(), reason));
  }
}
