use super::{Machine, beanstalk, ec2, ecs, eks, found::Found};

/// An AWS resource that a program may run in, for
/// [`RecorderBuilder::detect`](crate::RecorderBuilder::detect).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Plugin {
    /// A virtual machine: instance, zone, size and image, from the instance's metadata service.
    ///
    /// The log groups of the CloudWatch agent on the machine are named in the segments as well.
    Ec2,
    /// A container of Elastic Container Service: container, task and cluster, from the metadata
    /// service that `ECS_CONTAINER_METADATA_URI_V4` (or the one without `_V4`) names.
    ///
    /// Where the container logs to CloudWatch, the segments name its log group.
    Ecs,
    /// A pod of Elastic Kubernetes Service: cluster, container and pod. The cluster's name is in
    /// the config map `amazon-cloudwatch/cluster-info`, which the pod's service account has to be
    /// allowed to read.
    ///
    /// Needs this crate's feature `eks`, for TLS.
    Eks,
    /// An environment of Elastic Beanstalk: its name, version and deployment, from
    /// `/var/elasticbeanstalk/xray/environment.conf`.
    ElasticBeanstalk,
}

impl Plugin {
    /// All of them, by how much their origin says: of several that apply, the first one's is taken.
    pub(crate) const BY_PRIORITY: [Self; 4] =
        [Self::ElasticBeanstalk, Self::Eks, Self::Ecs, Self::Ec2];

    pub(super) const fn origin(self) -> &'static str {
        match self {
            Self::ElasticBeanstalk => "AWS::ElasticBeanstalk::Environment",
            Self::Eks => "AWS::EKS::Container",
            Self::Ecs => "AWS::ECS::Container",
            Self::Ec2 => "AWS::EC2::Instance",
        }
    }

    /// The name of its block under `aws`.
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::ElasticBeanstalk => "elastic_beanstalk",
            Self::Eks => "eks",
            Self::Ecs => "ecs",
            Self::Ec2 => "ec2",
        }
    }

    /// Looks for the resource; `None` if the program runs elsewhere, an error if it cannot be told.
    pub(super) fn find(self, machine: &Machine) -> Result<Option<Found>, String> {
        match self {
            Self::ElasticBeanstalk => beanstalk::find(machine),
            Self::Eks => eks::find(machine),
            Self::Ecs => ecs::find(machine),
            Self::Ec2 => ec2::find(machine),
        }
    }
}
