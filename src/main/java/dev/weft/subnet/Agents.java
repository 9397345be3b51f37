package dev.weft.subnet;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.vertx.core.Future;
import java.util.List;

/**
 * The control plane for nodes that are no members: hosts with a container runtime and an agent of
 * its own that asks for a subnet and reports that it lives.
 */
public interface Agents {
  /**
   * What an agent tells about its host.
   *
   * @param hostIp address literal, which identifies the host
   * @param cpuCores null if it is not known
   * @param ramMb MiB; null if it is not known
   */
  record Registration(
      String hostname,
      @JsonProperty("host_ip") String hostIp,
      @JsonProperty("cpu_cores") Integer cpuCores,
      @JsonProperty("ram_mb") Long ramMb) {}

  /** The answer to a registration. */
  record Registered(@JsonProperty("node_id") String nodeId, String subnet) {}

  /**
   * An agent's node; times in Unix seconds.
   *
   * @param cpuCores null if it is not known
   * @param ramMb MiB; null if it is not known
   * @param status {@code up}, or {@code down} after 30 s without a heartbeat
   */
  record AgentNode(
      @JsonProperty("node_id") String nodeId,
      String hostname,
      @JsonProperty("host_ip") String hostIp,
      String subnet,
      @JsonProperty("cpu_cores") Integer cpuCores,
      @JsonProperty("ram_mb") Long ramMb,
      String status,
      @JsonProperty("registered_at") long registeredAt,
      @JsonProperty("last_heartbeat") long lastHeartbeat) {}

  /**
   * Registers a host and leases it a subnet. The same address again gets the same node id and
   * subnet; a host where a member runs gets the member's.
   */
  Future<Registered> register(Registration host);

  /** Notes that a node is alive. NOT_FOUND for a node that is not registered, or no longer is. */
  Future<Void> heartbeat(String nodeId);

  /** Forgets the node and frees its subnet. NOT_FOUND for one that is not registered. */
  Future<Void> deregister(String nodeId);

  /** Every registered node, by id. */
  Future<List<AgentNode>> list();
}
