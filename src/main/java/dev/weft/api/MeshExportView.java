package dev.weft.api;

import dev.weft.mesh.gate.MeshExport;
import java.util.List;

/**
 * An export as the API shows it: {@link MeshExport} with the node that has it.
 *
 * @param reason null while it is up
 */
record MeshExportView(
    String node,
    String name,
    String target,
    List<String> allow,
    String origin,
    String state,
    String reason,
    GateCounts connections) {

  static MeshExportView of(String node, MeshExport export) {
    return new MeshExportView(
        node,
        export.name(),
        export.target(),
        export.allow(),
        export.now().origin(),
        export.now().state(),
        export.now().reason().isEmpty() ? null : export.now().reason(),
        GateCounts.of(export.now()));
  }
}
