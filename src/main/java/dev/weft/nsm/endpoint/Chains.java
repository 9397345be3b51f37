package dev.weft.nsm.endpoint;

import dev.weft.bus.Fault;
import dev.weft.bus.Json;
import dev.weft.bus.WeftException;
import dev.weft.cluster.CommonTable;
import dev.weft.nsm.ServiceChain;
import dev.weft.nsm.connection.ChainHop;
import dev.weft.nsm.connection.Names;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The services that are chains of others: those of this node's configuration, and those that every
 * member keeps. One may lead over another.
 */
public final class Chains {
  private static final Logger log = LoggerFactory.getLogger(Chains.class);
  private static final int MAX_CHAINS = 1000;

  private final Map<String, ServiceChain> own = new TreeMap<>();
  private final CommonTable table;
  private Map<String, Row> rows = new HashMap<>();

  /** What a row's text was read as, so that an unchanged row is read once. */
  private record Row(String json, Optional<ServiceChain> chain) {}

  /**
   * @param configured per service the services on the way
   */
  public Chains(Map<String, List<String>> configured, CommonTable table) {
    this.table = table;
    configured.forEach(
        (service, via) ->
            own.put(service, new ServiceChain(service, via, ServiceChain.Origin.CONFIG)));
  }

  /** Runs the listener after chains have changed; a table also tells when members come and go. */
  public void onChange(Runnable listener) {
    AtomicReference<SortedMap<String, ServiceChain>> told = new AtomicReference<>(all());
    table.onChange(
        () -> {
          SortedMap<String, ServiceChain> now = all();
          if (!now.equals(told.getAndSet(now))) {
            listener.run();
          }
        });
  }

  /** Those that count on this node, by name. */
  public SortedMap<String, ServiceChain> all() {
    Map<String, Row> now = new HashMap<>();
    SortedMap<String, ServiceChain> all = new TreeMap<>();
    table
        .rows()
        .forEach(
            (key, json) -> {
              Row known = rows.get(key);
              Row row =
                  known != null && known.json.equals(json) ? known : new Row(json, read(key, json));
              now.put(key, row);
              row.chain.ifPresent(chain -> all.put(key, chain));
            });
    rows = now;
    all.putAll(own);
    return all;
  }

  /**
   * Declares a chain for the whole cluster, or another way of one. INVALID for a loop, a service
   * that comes twice, or more than {@value ChainHop#MAX} services; CONFLICT for one of the
   * configuration.
   */
  public Future<ServiceChain> put(String service, List<String> via) {
    ServiceChain chain = new ServiceChain(service, List.copyOf(via), ServiceChain.Origin.API);
    checkNames(chain);
    checkNotOwn(service);
    SortedMap<String, ServiceChain> after = all();
    after.put(service, chain);
    if (after.size() > MAX_CHAINS) {
      throw Fault.EXHAUSTED.because("chains: more than " + MAX_CHAINS);
    }
    way(service, after);
    return table.write(Map.of(service, Json.write(chain)), Set.of()).map(chain);
  }

  /** NOT_FOUND for an unknown chain, CONFLICT for one of the configuration. */
  public Future<Void> remove(String service) {
    checkNotOwn(service);
    if (!all().containsKey(service)) {
      throw Fault.NOT_FOUND.because("chain " + service + ": not declared");
    }
    return table.write(Map.of(), Set.of(service));
  }

  /**
   * The services on the way to a chain, other chains on it resolved; empty for a service that is no
   * chain. INVALID for a loop, a service that comes twice, or too many.
   */
  public List<String> way(String service) {
    SortedMap<String, ServiceChain> all = all();
    return all.containsKey(service) ? way(service, all) : List.of();
  }

  private static List<String> way(String service, Map<String, ServiceChain> all) {
    List<String> way = new ArrayList<>();
    resolve(service, all, List.of(), way);
    Set<String> once = new HashSet<>();
    for (String one : way) {
      if (!once.add(one)) {
        throw Fault.INVALID.because(
            "chain %s: %s twice in %s (expected: each service once)"
                .formatted(service, one, String.join(" -> ", way)));
      }
    }
    return List.copyOf(way);
  }

  private static void resolve(
      String service, Map<String, ServiceChain> all, List<String> above, List<String> way) {
    ServiceChain chain = all.get(service);
    List<String> here = new ArrayList<>(above);
    here.add(service);
    if (above.contains(service)) {
      throw Fault.INVALID.because(
          "chain %s: a loop, %s".formatted(above.get(0), String.join(" -> ", here)));
    }
    if (chain == null) {
      way.add(service);
      if (way.size() > ChainHop.MAX) {
        throw Fault.INVALID.because(
            "chain %s: more than %d services".formatted(here.get(0), ChainHop.MAX));
      }
      return;
    }
    chain.via().forEach(next -> resolve(next, all, here, way));
  }

  private static void checkNames(ServiceChain chain) {
    Names.name("service", chain.service());
    if (chain.via() == null) {
      throw Fault.invalid("via", "none", "1.." + ChainHop.MAX + " services");
    }
    if (chain.via().isEmpty() || chain.via().size() > ChainHop.MAX) {
      throw Fault.invalid("via", chain.via().size() + " services", "1.." + ChainHop.MAX);
    }
    chain.via().forEach(service -> Names.name("via", service));
  }

  private void checkNotOwn(String service) {
    if (own.containsKey(service)) {
      throw Fault.CONFLICT.because(
          "chain " + service + ": nsm.chains of this node's configuration declares it");
    }
  }

  private static Optional<ServiceChain> read(String key, String json) {
    try {
      ServiceChain chain = Json.read(json, ServiceChain.class);
      if (!key.equals(chain.service())) {
        throw Fault.invalid("service", chain.service(), key);
      }
      checkNames(chain);
      return Optional.of(chain);
    } catch (WeftException e) {
      log.warn("chain {} is not used: {}", key, e.getMessage());
      return Optional.empty();
    }
  }
}
