import type { Schema } from '#kube/schema.ts'
import { anyObject, flag, integer, intOrString, list, object, text } from './field-schema.ts'

const keyToPath = object(
  'One key.',
  { key: text('The key.'), path: text('The file it becomes.'), mode: integer('Permissions of the file.') },
  { required: ['key', 'path'] },
)

const items = list('The keys that become files; all of them unless given.', keyToPath)
const optional = flag('Whether the Pod starts without the object.')
const defaultMode = integer('Permissions of the files, 0644 unless given.', { default: 0o644 })

const downwardFile = object(
  'One file.',
  {
    path: text('The file.'),
    mode: integer('Permissions of the file.'),
    fieldRef: object(
      'The field it holds.',
      {
        fieldPath: text('Path of the field, such as metadata.labels.'),
        apiVersion: text('Version that the path is of.', { default: 'v1' }),
      },
      { required: ['fieldPath'] },
    ),
    resourceFieldRef: anyObject('The resource of a container that it holds.'),
  },
  { required: ['path'] },
)

const projectedSource = object('One source.', {
  configMap: object('Keys of a ConfigMap.', { name: text('Its name.', { default: '' }), items, optional }),
  secret: object('Keys of a Secret.', { name: text('Its name.', { default: '' }), items, optional }),
  downwardAPI: object('Facts about the Pod.', { items: list('The files.', downwardFile) }),
  serviceAccountToken: object(
    'A token of the service account.',
    {
      path: text('The file.'),
      audience: text('Who is to accept the token; the API server unless given.'),
      expirationSeconds: {
        type: 'integer',
        format: 'int64',
        description: 'How long the token is good; at least 600.',
        default: 3600,
      },
    },
    { required: ['path'] },
  ),
  clusterTrustBundle: anyObject('Certificates of authorities.'),
  podCertificate: anyObject('A certificate of the Pod.'),
})

/** Kinds of volume that are stored as they are given. */
const OTHERS: Readonly<Record<string, string>> = {
  awsElasticBlockStore: 'A disk of Amazon.',
  azureDisk: 'A disk of Azure.',
  azureFile: 'A file share of Azure.',
  cephfs: 'A Ceph file system.',
  cinder: 'A Cinder volume.',
  csi: 'A volume of a CSI driver.',
  ephemeral: 'A claim that lives as long as the Pod.',
  fc: 'A Fibre Channel device.',
  flexVolume: 'A volume of a FlexVolume driver.',
  flocker: 'A Flocker volume.',
  gcePersistentDisk: 'A disk of Google.',
  gitRepo: 'A git repository.',
  glusterfs: 'A Gluster file system.',
  image: 'Files of an image.',
  iscsi: 'An iSCSI device.',
  photonPersistentDisk: 'A disk of Photon.',
  portworxVolume: 'A Portworx volume.',
  quobyte: 'A Quobyte volume.',
  rbd: 'A RADOS device.',
  scaleIO: 'A ScaleIO volume.',
  storageos: 'A StorageOS volume.',
  vsphereVolume: 'A disk of vSphere.',
}

const others = Object.fromEntries(Object.entries(OTHERS).map(([name, description]) => [name, anyObject(description)]))

/** core/v1 Volume. */
export const VOLUME: Schema = object(
  'Files that containers of the Pod may see.',
  {
    ...others,
    name: text('Name by which containers refer to the volume.'),
    configMap: object('The keys of a ConfigMap, as files.', {
      name: text('Its name.', { default: '' }),
      items,
      optional,
      defaultMode,
    }),
    downwardAPI: object('Facts about the Pod, as files.', { items: list('The files.', downwardFile), defaultMode }),
    emptyDir: object('An empty directory that lives as long as the Pod.', {
      medium: text('Memory, or "" for a disk.'),
      sizeLimit: intOrString('The most it may hold.'),
    }),
    hostPath: object(
      'A file or directory of the node.',
      { path: text('Its path.'), type: text('What must be there, such as DirectoryOrCreate.', { default: '' }) },
      { required: ['path'] },
    ),
    nfs: object(
      'An NFS share.',
      { server: text('The server.'), path: text('The path on it.'), readOnly: flag('Whether it may only be read.') },
      { required: ['server', 'path'] },
    ),
    persistentVolumeClaim: object(
      'A claim on a persistent volume.',
      { claimName: text('Name of the claim.'), readOnly: flag('Whether it may only be read.') },
      { required: ['claimName'] },
    ),
    projected: object('Several sources in one directory.', {
      sources: list('The sources.', projectedSource),
      defaultMode,
    }),
    secret: object('The keys of a Secret, as files.', { secretName: text('Its name.'), items, optional, defaultMode }),
  },
  { required: ['name'] },
)
