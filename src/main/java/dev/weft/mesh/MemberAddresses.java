package dev.weft.mesh;

import dev.weft.address.HostPort;
import dev.weft.cluster.Cluster;
import dev.weft.cluster.OwnedTable;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Where the members listen for udp links, as they tell in their signed records. */
public final class MemberAddresses {
  private final OwnedTable table;

  public MemberAddresses(Cluster cluster) {
    this.table = cluster.owned(MemberLinks.TABLE);
  }

  /** Ids by address. */
  public Map<HostPort, String> all() {
    Map<HostPort, String> all = new HashMap<>();
    for (OwnedTable.Row row : table.rows()) {
      row.read(MemberLinks.Listener.class, MemberLinks.Listener::node)
          .flatMap(listener -> Optional.ofNullable(listener.udp()))
          .flatMap(udp -> HostPort.parse(udp, -1))
          .ifPresent(at -> all.put(at.canonical(), row.node()));
    }
    return all;
  }
}
